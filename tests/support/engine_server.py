"""Fixtures: a private server per PostgreSQL version that this machine has, bootstrapped, with a fake template."""

import psycopg2
import pytest
from saas_engine import filestore

from . import postgres, tenants

OLDEST = sorted(postgres.installed())[:1]
VERSIONS = [*OLDEST, "newer"]


def pytest_collection_modifyitems(config, items):
    """Leave out on the newer server what needs one version only: killing after each statement takes long."""
    again = [
        item
        for item in items
        if item.get_closest_marker("one_version") and getattr(item, "callspec", None) and _is_newer(item.callspec)
    ]
    config.hook.pytest_deselected(items=again)
    items[:] = [item for item in items if item not in again]


def _is_newer(callspec):
    return callspec.params.get("binaries") == "newer"


@pytest.fixture(scope="session", params=VERSIONS, ids=[f"pg-{version}" for version in VERSIONS])
def binaries(request):
    """The server's programs; a version that can't be had is skipped, and says so."""
    found = postgres.newer() if request.param == "newer" else postgres.installed()[request.param]
    if found is None:
        pytest.skip("NO NEWER POSTGRESQL: npm is not here, or its registry can't be reached")
    return found


@pytest.fixture(scope="session")
def server(binaries):
    """A running server, prepared twice: the bootstrap may run again."""
    with postgres.server(binaries) as running:
        for _ in range(2):
            tenants.bootstrap_server(running)
        yield running


@pytest.fixture(scope="session")
def cluster(server, tmp_path_factory):
    """The server's cluster, with the sealed fake template in it."""
    return tenants.make_cluster_with_template(server, tmp_path_factory.mktemp("template"))


@pytest.fixture
def settings(tmp_path):
    return tenants.make_settings(tmp_path)


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """A runtime with the template's filestore, on a disk that needs no reserve."""
    monkeypatch.setattr(filestore, "RESERVE_BYTES", 0)
    made = tenants.make_runtime(tmp_path)
    tenants.fill_filestore(made)
    return made


@pytest.fixture
def provisioner(cluster, runtime, settings):
    return tenants.Provisioner(cluster, runtime, settings)


@pytest.fixture
def spec(provisioner):
    """A tenant, removed in the end."""
    made = tenants.make_spec()
    yield made
    provisioner.undo(made)


@pytest.fixture
def tenant(provisioner, spec):
    """A provisioned tenant, all but the look at its page."""
    tenants.provision(provisioner, spec)
    return spec


@pytest.fixture
def superuser(server):
    """Run SQL as the superuser in a database, to look at what nobody else may see."""

    def run(query, db="postgres", parameters=None):
        connection = psycopg2.connect(
            host=server.host, port=server.port, user="postgres", password=postgres.SUPERUSER_PASSWORD, dbname=db
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cr:
                cr.execute(query, parameters)
                return cr.fetchall() if cr.description else None
        finally:
            connection.close()

    return run
