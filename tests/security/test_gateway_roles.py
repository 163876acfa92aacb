"""A dedicated runtime's gateway has a role of its own: it sees its own tenant, and nobody else's, whatever it asks."""

import contextlib
import dataclasses

import psycopg2
import pytest
from psycopg2 import errors
from saas_engine import gateway_roles, naming
from saas_engine.errors import EngineError
from support import tenants

CODE = "own-1"
SECRET = naming.runtime_secret(tenants.MASTER, CODE).encode()
PASSWORD = naming.gateway_password(SECRET, CODE)
TABLES = ("tenant", "host", "cron", "counter", "redirect", "report", "runtime")


@pytest.fixture
def gateway(cluster):
    """Return a function that logs in as the dedicated runtime's gateway."""
    for _ in range(2):
        gateway_roles.ensure(cluster, CODE, SECRET)

    def login(db="postgres", password=PASSWORD):
        connection = psycopg2.connect(
            host=cluster.host, port=cluster.port, user=naming.gateway_role(CODE), password=password, dbname=db
        )
        connection.autocommit = True
        return contextlib.closing(connection)

    yield login
    gateway_roles.remove(cluster, CODE)


@pytest.fixture
def own(provisioner, tenant, gateway):
    """A tenant of that runtime; the fixture `other` is one of the shared runtime."""
    dedicated = dataclasses.replace(provisioner.runtime, code=CODE)
    provisioner.directory.publish(dataclasses.replace(provisioner.directory.entry(tenant.key), runtime=dedicated.code))
    yield tenant
    provisioner.directory.withdraw(tenant.key)


@pytest.fixture
def other(provisioner):
    made = tenants.make_spec()
    tenants.provision(provisioner, made)
    yield made
    provisioner.undo(made)


def test_sees_its_own_rows_only(gateway, own, other, server):
    with gateway() as connection, connection.cursor() as cr:
        cr.execute("SELECT db FROM tenant")
        assert cr.fetchall() == [(own.subdomain,)]
        cr.execute("SELECT host FROM host")
        assert cr.fetchall() == [(own.host,)]
        cr.execute("SELECT code FROM runtime")
        assert cr.fetchall() == [(CODE,)]
        for table in TABLES:
            cr.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{other.subdomain}%"])
            assert cr.fetchone() == (0,), table
    shared = psycopg2.connect(
        host=server.host, port=server.port, user="saas_gateway", password=tenants.GATEWAY_PASSWORD, dbname="postgres"
    )
    with contextlib.closing(shared), shared.cursor() as cr:
        cr.execute("SELECT db FROM tenant WHERE db IN (%s, %s)", [own.subdomain, other.subdomain])
        assert cr.fetchall() == [(other.subdomain,)], "and the shared one does not see this one's"


def test_writes_for_its_own_tenant_only(gateway, own, other):
    with gateway() as connection, connection.cursor() as cr:
        cr.execute("UPDATE cron SET last_seconds = 1")
        assert cr.rowcount == 1
        cr.execute("SELECT saas_notify('cron_trigger', %s)", [other.subdomain])
        cr.execute("SELECT reserve_mails(%s, 1), reserve_mails(%s, 1)", [own.subdomain, other.subdomain])
        assert cr.fetchone() == (None, "unknown")
        cr.execute("INSERT INTO counter (db, hour, requests) VALUES (%s, now(), 1)", [own.subdomain])
        for statement in (
            "INSERT INTO counter (db, hour, requests) VALUES (%s, now(), 1)",
            "INSERT INTO report (db, kind) VALUES (%s, 'unguarded')",
            "UPDATE tenant SET runtime = 'own-1' WHERE db = %s",
            "UPDATE runtime SET gateway_role = current_user WHERE code <> %s",
            "DELETE FROM host WHERE db <> %s",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                cr.execute(statement, [other.subdomain])


def test_enters_no_other_database_and_becomes_nobody_else(gateway, own, other, provisioner):
    for db in ("manager", "template1", own.subdomain, other.subdomain):
        with pytest.raises(psycopg2.OperationalError, match="permission denied"), gateway(db):
            pytest.fail("it got in")
    with gateway() as connection, connection.cursor() as cr:
        cr.execute("SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = user")
        assert cr.fetchone() == (False, False, False, False)
        roles = ("saas_manager", "saas_owner", naming.role_name(other.key), "saas_gateway")
        for statement in (
            *(f'SET ROLE "{role}"' for role in roles),
            "CREATE ROLE mine",
            "CREATE TABLE saas.mine (id int)",
            "CREATE TABLE public.mine (id int)",
            "ALTER TABLE saas.tenant DISABLE ROW LEVEL SECURITY",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> user",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                cr.execute(statement)
    with provisioner.connect(own) as connection, connection.cursor() as cr:  # the way that the tenant goes itself
        cr.execute("SELECT current_database()")
        assert cr.fetchone() == (own.subdomain,)


def test_what_it_changes_of_its_own_is_put_back(cluster, gateway, own):
    with gateway() as connection, connection.cursor() as cr:
        cr.execute(f'ALTER ROLE "{naming.gateway_role(CODE)}" PASSWORD %s', ["mine"])
        cr.execute(f'ALTER ROLE "{naming.gateway_role(CODE)}" SET statement_timeout = 1')
    gateway_roles.ensure(cluster, CODE, SECRET)
    with gateway() as connection, connection.cursor() as cr:
        cr.execute("SHOW statement_timeout")
        assert cr.fetchone() == ("0",)
        cr.execute("SHOW search_path")
        assert cr.fetchone() == ("saas, public",)


def test_one_that_serves_is_not_removed(cluster, gateway, own, superuser):
    with pytest.raises(EngineError, match="Tenants are published"):
        gateway_roles.remove(cluster, CODE)
    with gateway():
        pass


def test_one_that_is_removed_is_gone(cluster, gateway, superuser):
    for _ in range(2):
        gateway_roles.remove(cluster, CODE)
    assert superuser("SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'saas_gateway_')") == []
    assert superuser("SELECT code FROM saas.runtime WHERE code = 'own-1'") == []
