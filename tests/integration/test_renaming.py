"""A tenant gets another subdomain: all of it moves, its old host leads on, and a kill anywhere ends well."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from saas_engine import personalise
from saas_engine.errors import EngineError, InvalidNameError, NameTakenError
from saas_engine.renaming import rename
from support import killing, tenants

TOMORROW = datetime.now(UTC) + timedelta(days=1)
YESTERDAY = TOMORROW - timedelta(days=2)


def renamed(spec, subdomain=None):
    """Return the spec of the same tenant under another name."""
    new = tenants.make_spec(subdomain, key=spec.key)
    return dataclasses.replace(spec, subdomain=new.subdomain, host=new.host, url=new.url)


@pytest.fixture
def wanted(provisioner, tenant):
    """What the tenant is to become, removed in the end."""
    made = renamed(tenant)
    yield made
    if provisioner.cluster.database(made.subdomain):
        provisioner.undo(made)


def assert_moved(provisioner, former, spec):
    cluster, runtime = provisioner.cluster, provisioner.runtime
    assert cluster.database(former.subdomain) is None
    assert cluster.database(spec.subdomain).comment == f"saas:{spec.key}"
    assert cluster.database(spec.subdomain).allows_connections
    assert not runtime.filestore(former.subdomain).exists()
    assert len(list(runtime.filestore(spec.subdomain).glob("*/*"))) == 2
    entry = provisioner.directory.entry(spec.key)
    assert (entry.db, entry.hosts) == (spec.subdomain, (spec.host,))
    with provisioner.connect(spec) as connection, connection.cursor() as cr:
        assert personalise.parameter(cr, "web.base.url") == spec.url


def test_all_of_it_moves(provisioner, tenant, wanted):
    for _ in range(2):
        rename(provisioner, wanted, tenant.subdomain, redirects={tenant.host: TOMORROW})
        assert_moved(provisioner, tenant, wanted)
        assert provisioner.directory.entry(wanted.key).state == "active"
        assert provisioner.directory.redirects(wanted.key) == {tenant.host: (wanted.host, TOMORROW)}


def test_a_suspended_one_stays_so(provisioner, tenant, wanted):
    provisioner.directory.set_state(tenant.key, "suspended", "unpaid")
    rename(provisioner, wanted, tenant.subdomain, "suspended", "unpaid")
    entry = provisioner.directory.entry(wanted.key)
    assert (entry.state, entry.reason) == ("suspended", "unpaid")


def test_there_and_back(provisioner, tenant, wanted):
    rename(provisioner, wanted, tenant.subdomain, redirects={tenant.host: TOMORROW})
    rename(provisioner, tenant, wanted.subdomain, redirects={wanted.host: TOMORROW})
    assert_moved(provisioner, wanted, tenant)
    assert provisioner.directory.redirects(tenant.key) == {wanted.host: (tenant.host, TOMORROW)}


@pytest.mark.one_version
def test_killed_between_any_two_statements(provisioner, tenant, wanted, monkeypatch):
    redirects, number = {tenant.host: TOMORROW}, 0

    def move():
        rename(provisioner, wanted, tenant.subdomain, redirects=redirects)

    while killing.kill_at(monkeypatch, number, move):
        if number % 2:  # a retry; else straight back
            move()
            assert_moved(provisioner, tenant, wanted)
        rename(provisioner, tenant, wanted.subdomain)
        assert_moved(provisioner, wanted, tenant)
        assert provisioner.directory.entry(tenant.key).state == "active"
        number += 1
    assert number > 15


def test_files_moved_by_a_run_that_was_killed_before_the_database_was_told(provisioner, tenant, wanted):
    provisioner.cluster.rename(tenant.subdomain, wanted.subdomain, wanted.key)
    provisioner.runtime.filestore(tenant.subdomain).rename(provisioner.runtime.filestore(wanted.subdomain))
    rename(provisioner, wanted, tenant.subdomain)
    assert_moved(provisioner, tenant, wanted)


def test_files_that_are_nowhere(provisioner, tenant, wanted):
    lost = provisioner.runtime.filestore(tenant.subdomain).rename(provisioner.runtime.data_dir / "lost")
    with pytest.raises(EngineError, match="neither in"):
        rename(provisioner, wanted, tenant.subdomain)
    lost.rename(provisioner.runtime.filestore(tenant.subdomain))
    rename(provisioner, wanted, tenant.subdomain)
    assert_moved(provisioner, tenant, wanted)


class TestRefused:
    """And nothing has changed."""

    @pytest.fixture
    def other(self, provisioner):
        made = tenants.make_spec()
        tenants.provision(provisioner, made)
        yield made
        provisioner.undo(made)

    @pytest.fixture(autouse=True)
    def _unchanged(self, provisioner, tenant):
        yield
        entry = provisioner.directory.entry(tenant.key)
        assert (entry.db, entry.state) == (tenant.subdomain, "active")
        assert provisioner.cluster.database(tenant.subdomain).comment == f"saas:{tenant.key}"

    def test_name_of_another_tenant(self, provisioner, tenant, other):
        with pytest.raises(NameTakenError, match=f'"{other.subdomain}" is taken'):
            rename(provisioner, renamed(tenant, other.subdomain), tenant.subdomain)

    def test_name_that_leads_to_another_tenant(self, provisioner, tenant, wanted, other):
        provisioner.directory.set_redirects(other.key, {wanted.host: TOMORROW})
        with pytest.raises(NameTakenError, match=wanted.host):
            rename(provisioner, wanted, tenant.subdomain)

    def test_folder_of_somebody_else(self, provisioner, tenant, wanted):
        folder = provisioner.runtime.filestore(wanted.subdomain)
        folder.mkdir()
        with pytest.raises(NameTakenError, match="a folder of this name"):
            rename(provisioner, wanted, tenant.subdomain)
        folder.rmdir()

    def test_reserved_word(self, provisioner, tenant):
        with pytest.raises(InvalidNameError, match="reserved"):
            rename(provisioner, renamed(tenant, "admin"), tenant.subdomain)


class TestRedirects:
    def test_one_that_has_expired_reserves_nothing(self, provisioner, tenant):
        provisioner.directory.set_redirects(tenant.key, {"once.example.com": YESTERDAY})
        other = tenants.make_spec("once")
        tenants.provision(provisioner, other)
        assert provisioner.directory.redirects(tenant.key) == {}
        provisioner.undo(other)

    def test_one_that_is_alive_reserves_its_name(self, provisioner, tenant):
        provisioner.directory.set_redirects(tenant.key, {"once.example.com": TOMORROW})
        with pytest.raises(NameTakenError, match=r"once\.example\.com"):
            provisioner.reserve(tenants.make_spec("once"))

    def test_they_go_with_their_tenant(self, provisioner, tenant, superuser):
        provisioner.directory.set_redirects(tenant.key, {"once.example.com": TOMORROW})
        provisioner.directory.withdraw(tenant.key)
        assert superuser("SELECT * FROM saas.redirect") == []

    def test_of_a_tenant_that_is_not_there(self, provisioner):
        with pytest.raises(EngineError, match="not in the directory"):
            provisioner.directory.set_redirects("0" * 32, {"once.example.com": TOMORROW})
