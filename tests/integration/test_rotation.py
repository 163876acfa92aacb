"""Services of one's own get new secrets as the shared one does: told first, their login and their tenant's after it."""

import contextlib
import dataclasses
import json

import psycopg2
import pytest
from saas_engine import naming, roles, rotation
from saas_engine.errors import EngineError
from saas_engine.runtime_driver import RuntimeDriver
from support import fake_keeper, tenants

CODE = "own-1"
AFTER = b"another-secret-that-came-by-a-rotation-0123456789"
ROLE = naming.gateway_role(CODE)


@pytest.fixture
def settings(tmp_path):
    return tenants.make_settings(tmp_path, dedicated_dir=tmp_path / "dedicated")


@pytest.fixture
def rotated(settings):
    """The settings of the manager while both secrets count."""
    return dataclasses.replace(settings, master_secret=AFTER, previous_secret=settings.master_secret)


@pytest.fixture
def own(cluster, provisioner, tenant, settings, tmp_path):
    """The driver of a service of one's own, which serves the tenant."""
    with fake_keeper.keeper(settings.dedicated_dir):
        driver = RuntimeDriver(settings)
        driver.create(cluster, CODE)
        described = {"code": CODE, "release": "18.0", "url": "http://127.0.0.1:9", "command": ["odoo-bin"]}
        described |= {"data_dir": str(tmp_path / "own"), "environment": {}}
        (driver.folder(CODE) / "runtime.json").write_text(json.dumps(described))
        entry = dataclasses.replace(provisioner.directory.entry(tenant.key), runtime=CODE)
        provisioner.directory.publish(entry)
        roles.set_password(cluster, tenant.key, rotation.password(settings.master_secret, entry))
        yield driver
        provisioner.directory.withdraw(tenant.key)
        driver.remove(cluster, CODE)


@pytest.fixture
def rotate(cluster, rotated, own, monkeypatch):
    """Rotate as the manager does, without its own logins, and without much patience."""
    monkeypatch.setattr(rotation, "KNOWN_SECONDS", 1)
    return lambda settings=rotated: rotation.rotate(cluster, settings, [], lambda text: None)


def told(driver):
    """Return the secret and the one before that a service has in its files."""
    return [(driver.folder(CODE) / name).read_text() for name in ("secret", "secret_previous")]


def secret_of(master):
    return naming.runtime_secret(master, CODE)


@contextlib.contextmanager
def gateway(cluster, master):
    """Log in as the service's gateway does that knows a secret, and show so."""
    secret = secret_of(master).encode()
    address = {"host": cluster.host, "port": cluster.port, "dbname": "postgres", "user": ROLE}
    password, mark = naming.gateway_password(secret, CODE), naming.secret_mark(secret)
    with contextlib.closing(psycopg2.connect(**address, password=password, application_name=mark)) as connection:
        yield connection


def test_a_service_is_told_before_anything_changes(cluster, settings, own, rotate, tenant):
    with gateway(cluster, settings.master_secret), pytest.raises(EngineError, match=f'"{CODE}" does not know'):
        rotate()
    assert told(own) == [secret_of(AFTER), secret_of(settings.master_secret)]
    lines = [(own.folder(CODE) / name).read_text() for name in ("pgpass", "pgpass_previous")]
    assert [line.rpartition(":")[0] for line in lines] == [f"*:*:*:{ROLE}"] * 2
    assert lines[0] != lines[1]
    # Its own login and its tenant's are as they were.
    with gateway(cluster, settings.master_secret):
        assert rotation.refused(cluster, AFTER) == [tenant.subdomain]
        assert rotation.refused(cluster, settings.master_secret) == []


def test_its_login_and_its_tenant_get_new_passwords(cluster, settings, rotated, own, rotate, tenant):
    with connected_as_knowing(cluster, settings):
        rotate()
    assert rotation.refused(cluster, AFTER) == []
    with gateway(cluster, AFTER):
        pass
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        with gateway(cluster, settings.master_secret):
            pytest.fail("the old secret still gets in")
    rotation.tell_dedicated(RuntimeDriver(dataclasses.replace(rotated, previous_secret=None)))
    assert told(own) == [secret_of(AFTER), ""]
    assert (own.folder(CODE) / "pgpass_previous").read_text() == ""


def test_one_that_is_stopped_reads_its_files_when_it_starts(cluster, settings, own, rotate, tenant):
    own.stop(CODE)
    rotate()
    assert told(own) == [secret_of(AFTER), secret_of(settings.master_secret)]
    assert own.wanted(CODE).state == "stopped"
    assert rotation.refused(cluster, AFTER) == []


@contextlib.contextmanager
def connected_as_knowing(cluster, settings):
    """A gateway that logged in with the old password and has read the new secret since."""
    with gateway(cluster, settings.master_secret) as connection, connection.cursor() as cr:
        connection.autocommit = True
        cr.execute("SELECT set_config('application_name', %s, false)", [naming.secret_mark(secret_of(AFTER).encode())])
        yield
