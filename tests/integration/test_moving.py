"""A tenant moves between the shared runtime and one of its own: all of it moves, and a kill anywhere ends well."""

import dataclasses

import psycopg2
import pytest
from saas_engine import filestore, moving, naming
from saas_engine.errors import ConfigurationError, EngineError, RetryableError
from saas_engine.provisioning import Provisioner
from saas_engine.runtime_driver import RuntimeDriver
from support import fake_keeper, killing, tenants

CODE = "own-1"


@pytest.fixture
def settings(tmp_path):
    return tenants.make_settings(tmp_path, dedicated_dir=tmp_path / "dedicated")


@pytest.fixture(autouse=True)
def keeper(settings):
    with fake_keeper.keeper(settings.dedicated_dir) as running:
        yield running


@pytest.fixture
def driver(settings, cluster):
    made = RuntimeDriver(settings)
    made.create(cluster, CODE, own_code=True)
    yield made
    made.remove(cluster, CODE)


@pytest.fixture
def shared(provisioner, tenant):
    """The provisioner of the runtime that has the tenant."""
    return provisioner


@pytest.fixture
def own(cluster, shared, settings, driver, tmp_path):
    """The provisioner of the tenant's own runtime."""
    runtime = dataclasses.replace(shared.runtime, code=CODE, data_dir=tmp_path / "own", dedicated=True)
    yield Provisioner(cluster, runtime, settings)
    shared.directory.withdraw(shared_key(shared))


def shared_key(provisioner):
    return next((entry.key for entry in provisioner.directory.entries() if entry.runtime == CODE), "0" * 32)


def files(provisioner, spec):
    return sorted(path.name for path in provisioner.runtime.filestore(spec.subdomain).glob("*/*"))


def assert_served_by(provisioner, other, spec, state="active"):
    entry = provisioner.directory.entry(spec.key)
    assert (entry.runtime, entry.state, entry.hosts) == (provisioner.runtime.code, state, (spec.host,))
    assert files(provisioner, spec) == ["ab12", "cd34"]
    with provisioner.enter(spec) as connection, connection.cursor() as cr:
        cr.execute("SELECT current_user")
        assert cr.fetchone() == ("saas_owner",)
    with pytest.raises(ConfigurationError, match="password authentication failed"), other.enter(spec):
        pytest.fail("the other runtime still gets in")


def test_there_and_back(shared, own, driver, tenant):
    moving.prepare(shared, own, tenant)
    assert files(own, tenant) == files(shared, tenant) == ["ab12", "cd34"]
    for _ in range(2):
        moving.move(shared, own, tenant)
        assert_served_by(own, shared, tenant)
        assert driver.wanted(CODE).hosts == {tenant.host: None}
    for _ in range(2):
        moving.finish(shared, own, tenant)
        assert not shared.runtime.filestore(tenant.subdomain).exists()
    moving.prepare(own, shared, tenant)
    moving.move(own, shared, tenant)
    assert_served_by(shared, own, tenant)
    assert driver.wanted(CODE).hosts == {}
    moving.finish(own, shared, tenant)
    assert not own.runtime.filestore(tenant.subdomain).exists()


def test_what_was_open_ends(shared, own, tenant):
    with shared.enter(tenant) as connection, connection.cursor() as cr:
        moving.move(shared, own, tenant)
        with pytest.raises(psycopg2.OperationalError):
            cr.execute("SELECT 1")


def test_a_file_that_came_meanwhile_moves_too(shared, own, tenant):
    moving.prepare(shared, own, tenant)
    late = shared.runtime.filestore(tenant.subdomain) / "ef" / "ef56"
    late.parent.mkdir()
    late.write_text("late")
    moving.move(shared, own, tenant)
    assert files(own, tenant) == ["ab12", "cd34", "ef56"]


def test_a_suspended_one_stays_so(shared, own, tenant):
    shared.directory.set_state(tenant.key, "suspended", "unpaid")
    moving.move(shared, own, tenant, "suspended", "unpaid")
    assert_served_by(own, shared, tenant, "suspended")
    assert own.directory.entry(tenant.key).reason == "unpaid"


@pytest.mark.one_version
def test_killed_between_any_two_statements(shared, own, tenant, monkeypatch):
    number = 0
    while killing.kill_at(monkeypatch, number, lambda: moving.move(shared, own, tenant)):
        if number % 2:  # a retry; else straight back
            moving.move(shared, own, tenant)
            assert_served_by(own, shared, tenant)
        moving.undo(shared, own, tenant)
        assert_served_by(shared, own, tenant)
        number += 1
    assert number > 15
    moving.undo(shared, own, tenant)
    moving.discard(shared, own, tenant)
    assert files(own, tenant) == [] and files(shared, tenant) == ["ab12", "cd34"]


def test_undone_before_anything_happened_nobody_notices(shared, own, tenant, monkeypatch):
    moving.prepare(shared, own, tenant)
    with shared.enter(tenant) as connection, connection.cursor() as cr:
        moving.undo(shared, own, tenant)
        cr.execute("SELECT 1")
    moving.discard(shared, own, tenant)
    assert_served_by(shared, own, tenant)
    assert not own.runtime.filestore(tenant.subdomain).exists()


class TestRefused:
    def test_copies_stay_while_the_other_serves(self, shared, own, tenant):
        moving.prepare(shared, own, tenant)
        with pytest.raises(EngineError, match="is not served by"):
            moving.finish(shared, own, tenant)
        assert files(shared, tenant) == ["ab12", "cd34"]

    def test_copies_stay_while_a_file_is_missing(self, shared, own, tenant):
        moving.move(shared, own, tenant)
        (own.runtime.filestore(tenant.subdomain) / "ab" / "ab12").unlink()
        with pytest.raises(EngineError, match="lacks 1 file"):
            moving.finish(shared, own, tenant)
        assert files(shared, tenant) == ["ab12", "cd34"]

    def test_disk_without_room(self, shared, own, tenant, monkeypatch):
        monkeypatch.setattr(filestore, "RESERVE_BYTES", 1 << 60)
        with pytest.raises(EngineError, match="Not enough disk space"):
            moving.prepare(shared, own, tenant)
        assert_served_by(shared, own, tenant)

    def test_keeper_that_is_away(self, shared, own, driver, keeper, tenant, monkeypatch):
        monkeypatch.setattr("saas_engine.runtime_driver.KEEPER_SECONDS", 0.1)
        keeper.is_away = True
        with pytest.raises(RetryableError, match="keeper"):
            moving.move(shared, own, tenant)
        keeper.is_away = False
        moving.undo(shared, own, tenant)
        assert_served_by(shared, own, tenant)


class TestDriver:
    def test_a_runtime_that_does_not_start_says_why(self, driver, keeper):
        keeper.reason = "no memory"
        driver.restart(CODE)
        with pytest.raises(EngineError, match="no memory"):
            driver.wait_until_it_runs(CODE)

    def test_started_stopped_removed(self, driver, cluster, superuser):
        driver.stop(CODE)
        driver._wait(CODE, lambda: driver.status(CODE).state == "stopped", 5)
        driver.start(CODE)
        driver.wait_until_it_runs(CODE, 5)
        for _ in range(2):
            driver.remove(cluster, CODE)
        assert driver.status(CODE) is None
        assert superuser("SELECT FROM pg_roles WHERE rolname = 'saas_gateway_own-1'") is None

    def test_secrets_are_derived_and_nobody_elses(self, driver, cluster):
        folder = driver.folder(CODE)
        secret = naming.runtime_secret(tenants.MASTER, CODE)
        assert (folder / "secret").read_text() == secret
        password = naming.gateway_password(secret.encode(), CODE)
        assert (folder / "pgpass").read_text() == f"*:*:*:saas_gateway_{CODE}:{password}\n"
        assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
        assert oct(folder.stat().st_mode & 0o777) == "0o700"

    def test_one_that_serves_is_not_removed(self, shared, own, driver, cluster, tenant):
        moving.move(shared, own, tenant)
        with pytest.raises(EngineError, match="Tenants are published"):
            driver.remove(cluster, CODE)
        assert driver.wanted(CODE).state == "running"
        moving.undo(shared, own, tenant)

    def test_without_a_keeper(self, tmp_path):
        nothing = RuntimeDriver(tenants.make_settings(tmp_path))
        assert not nothing.is_available
        with pytest.raises(ConfigurationError, match="SAAS_DEDICATED_DIR"):
            nothing.folder(CODE)
