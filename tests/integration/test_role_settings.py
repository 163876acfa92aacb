"""A plan's limits as settings of the tenant's role: they hold, they are put back, and a stuck session ends."""

import contextlib
import time

import psycopg2
import pytest
from psycopg2 import errors
from saas_engine import naming, role_settings, roles
from support import tenants

LIMITS = {"max_connections": 3, "max_statement_seconds": 1, "max_idle_seconds": 1, "max_temp_mb": 1}
# Sorted beyond the memory of a sort: about 40 MB of temporary files.
SORT = "SELECT repeat('x', 400) || i FROM generate_series(1, 90000) i ORDER BY 1"
SPILLS = f"SET work_mem = '64kB'; SELECT count(*) FROM ({SORT}) x"


@pytest.fixture
def limited(provisioner, spec):
    """A tenant of a plan with tight limits."""
    spec.limits.update(LIMITS)
    tenants.provision(provisioner, spec)
    return spec


@pytest.fixture
def connect(provisioner, limited):
    """Log in as the tenant's service does, with nothing in the options that could help."""
    password = provisioner.runtime.tenant_password(tenants.MASTER, limited.key)
    role, port = naming.role_name(limited.key), provisioner.cluster.port

    @contextlib.contextmanager
    def log_in(db=limited.subdomain):
        connection = psycopg2.connect(host="127.0.0.1", port=port, dbname=db, user=role, password=password)
        with contextlib.closing(connection):
            yield connection

    return log_in


@pytest.fixture
def drift(provisioner, limited):
    def found(limits=None):
        with provisioner.cluster.connect() as connection, connection.cursor() as cr:
            return role_settings.drift(cr, naming.role_name(limited.key), limits or limited.limits)

    return found


def test_a_new_tenant_has_what_its_plan_says(drift):
    assert drift() == {}
    assert drift({**LIMITS, "max_temp_mb": 2, "max_connections": 9}) == {
        "connection limit": (3, 9),
        "temp_file_limit": ("1MB", "2MB"),
    }


def test_a_statement_that_takes_too_long_ends(connect):
    with connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT pg_sleep(0.2)")
        with pytest.raises(errors.QueryCanceled, match="statement timeout"):
            cr.execute("SELECT pg_sleep(30)")


def test_a_stuck_transaction_lets_go_of_its_locks(connect):
    with connect() as stuck, connect() as neighbour:
        with stuck.cursor() as cr, neighbour.cursor() as other:
            cr.execute("LOCK TABLE res_users")
            start = time.monotonic()
            other.execute("SET statement_timeout = '20s'; SET lock_timeout = '20s'")
            other.execute("LOCK TABLE res_users")  # it comes as soon as the first one is ended
            assert 0.5 < time.monotonic() - start < 15
            with pytest.raises(psycopg2.OperationalError, match="idle-in-transaction timeout|closed the connection"):
                cr.execute("SELECT 1")


def test_temporary_files_are_limited_and_stay_so(connect):
    with connect() as connection, connection.cursor() as cr:
        cr.execute("SET statement_timeout = 0")
        with pytest.raises(errors.ConfigurationLimitExceeded, match="temp_file_limit"):
            cr.execute(SPILLS)
        connection.rollback()
        for statement in ("SET temp_file_limit = -1", "RESET ROLE; SET temp_file_limit = -1"):
            with pytest.raises(errors.InsufficientPrivilege):
                cr.execute(statement)
            connection.rollback()


def test_the_same_sort_works_within_a_larger_plan(connect, provisioner, limited):
    assert roles.set_limits(provisioner.cluster, {limited.key: {**LIMITS, "max_temp_mb": 500}}) == 1
    with connect() as connection, connection.cursor() as cr:
        cr.execute("SET statement_timeout = 0")
        cr.execute(SPILLS)
        assert cr.fetchone() == (90000,)


def test_the_last_connection_is_refused(connect):
    with contextlib.ExitStack() as held:
        for _ in range(3):
            held.enter_context(connect())
        with pytest.raises(psycopg2.OperationalError, match="too many connections for role"):
            held.enter_context(connect())


def test_unlimited_is_unlimited(connect, provisioner, limited):
    everything = {"max_connections": 0, "max_statement_seconds": 0, "max_idle_seconds": 0, "max_temp_mb": 0}
    roles.set_limits(provisioner.cluster, {limited.key: everything})
    with connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT pg_sleep(1.2)")
        cr.execute(SPILLS)
        with pytest.raises(psycopg2.OperationalError, match="too many connections for role"), connect():
            pass  # nobody is without any connection at all


def test_what_a_tenant_sets_for_itself_is_seen_and_put_back(connect, drift, provisioner, limited):
    role = naming.role_name(limited.key)
    with connect() as connection, connection.cursor() as cr:
        cr.execute(f"SET ROLE NONE; ALTER ROLE {role} SET statement_timeout = 0; ALTER ROLE {role} SET role = none")
        cr.execute(f'ALTER ROLE {role} IN DATABASE "{limited.subdomain}" SET work_mem = \'1GB\'')
        connection.commit()
    assert drift() == {
        "role": ("none", "saas_owner"),
        "statement_timeout": ("0", "1s"),
        f"{limited.subdomain}: work_mem": ("1GB", None),
    }
    assert roles.set_limits(provisioner.cluster, {limited.key: limited.limits}) == 1
    assert drift() == {}
    assert roles.set_limits(provisioner.cluster, {limited.key: limited.limits}) == 0


def test_all_that_can_be_wrong_with_a_role(drift, provisioner, limited, superuser):
    role = naming.role_name(limited.key)
    superuser(f"ALTER ROLE {role} NOLOGIN VALID UNTIL '2020-01-01'; SET ROLE saas_manager; REVOKE saas_owner FROM {role}")
    assert drift() == {
        "can log in": (False, True),
        "valid for ever": (False, True),
        "member of saas_owner": (False, True),
    }
    roles.set_limits(provisioner.cluster, {limited.key: limited.limits})
    assert drift() == {}


def test_a_role_that_is_gone(provisioner):
    with provisioner.cluster.connect() as connection, connection.cursor() as cr:
        assert role_settings.drift(cr, "tenant_nobody", {}) == {"role exists": (None, "tenant_nobody")}
    assert roles.set_limits(provisioner.cluster, {"0" * 32: {}}) == 0
