"""Two tenants for attacks on each other, and SQL as one of them would run it."""

import pytest
from support import tenants
from support.sql_attack import attacker
from support.tenants import Provisioner


@pytest.fixture(scope="module")
def pair(cluster, tmp_path_factory):
    """Two tenants for the attacks that change nothing."""
    folder = tmp_path_factory.mktemp("pair")
    runtime = tenants.make_runtime(folder)
    tenants.fill_filestore(runtime)
    provisioner = Provisioner(cluster, runtime, tenants.make_settings(folder))
    specs = [tenants.make_spec() for _ in range(2)]
    for spec in specs:
        provisioner.clone_database(spec)
    yield specs
    for spec in specs:
        provisioner.undo(spec)


@pytest.fixture
def neighbour(pair):
    return pair[1]


@pytest.fixture
def as_tenant(provisioner, tenant):
    """Run SQL as a tenant's administrator would, in a server action; the tenant is the test's own."""
    return attacker(provisioner, tenant)


@pytest.fixture
def as_first(provisioner, pair):
    """The same as the first of the pair."""
    return attacker(provisioner, pair[0])
