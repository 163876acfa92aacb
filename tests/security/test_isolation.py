"""What a tenant's administrator can do with SQL: nothing to the neighbours, the manager or its own limits."""

import contextlib

import psycopg2
import pytest
from psycopg2 import errors
from saas_engine import naming, password_link, role_settings, roles
from saas_engine.errors import EngineError
from support import tenants


def test_positive_control(as_tenant):
    assert as_tenant("CREATE TABLE mine (id int)", "SELECT current_user::text, tableowner::text FROM pg_tables "
                     "WHERE tablename = 'mine'") == [("saas_owner", "saas_owner")]  # fmt: skip


def test_other_databases_are_closed(as_first, neighbour):
    for db in (neighbour.subdomain, "manager", "postgres", "template1"):
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            as_first("SELECT 1", db=db)
    with pytest.raises(psycopg2.OperationalError, match="not currently accepting connections"):
        as_first("SELECT 1", db=tenants.TEMPLATE)


def test_a_neighbours_role_does_not_open_it(provisioner, pair, neighbour):
    password = provisioner.runtime.tenant_password(tenants.MASTER, neighbour.key)
    with pytest.raises(EngineError, match="permission denied for database"):
        with provisioner.cluster.connect_as_tenant(pair[0].subdomain, neighbour.key, password):
            pass


def test_the_manager_is_shut_out_too(cluster, neighbour):
    with pytest.raises(EngineError, match="permission denied for database"), cluster.connect(neighbour.subdomain):
        pass


@pytest.mark.parametrize("prefix", ["", "RESET ROLE", "SET ROLE NONE"])
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER DATABASE {own} RENAME TO stolen",
        "DROP DATABASE {own}",
        "DROP DATABASE {neighbour}",
        "ALTER DATABASE {neighbour} RENAME TO stolen",
        "ALTER DATABASE {own} OWNER TO saas_owner",
        "ALTER DATABASE {own} WITH CONNECTION LIMIT -1",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "ALTER ROLE {role} CONNECTION LIMIT -1",
        "ALTER ROLE {role} CREATEDB",
        "ALTER ROLE {other_role} PASSWORD 'x'",
        "DROP ROLE {other_role}",
        "SET ROLE {other_role}",
        "SET ROLE saas_manager",
        "SET SESSION AUTHORIZATION saas_manager",
        "GRANT saas_manager TO {role}",
        "GRANT saas_owner TO {other_role} WITH ADMIN OPTION",
        "CREATE EXTENSION dblink",
        "SET temp_file_limit = -1",
        "ALTER ROLE {role} SET temp_file_limit = -1",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT * FROM pg_authid",
        "CREATE TABLESPACE mine LOCATION '/tmp'",
        "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION pg_catalog.pg_notify()",
    ],
)
def test_refused(as_first, pair, neighbour, prefix, statement):
    names = {
        "own": f'"{pair[0].subdomain}"',
        "neighbour": f'"{neighbour.subdomain}"',
        "role": naming.role_name(pair[0].key),
        "other_role": naming.role_name(neighbour.key),
    }
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectInUse, errors.UndefinedFunction)) as refusal:
        as_first(*filter(None, [prefix]), statement.format(**names))
    if "DROP DATABASE {own}" in statement or "RENAME" in statement:
        assert isinstance(refusal.value, errors.InsufficientPrivilege)


@pytest.mark.parametrize("prefix", ["RESET ROLE", "SET ROLE NONE"])
def test_no_right_to_a_database_is_given_or_taken(as_first, pair, neighbour, superuser, prefix):
    """PostgreSQL warns of it, and does nothing: a right is given by who may give it."""
    query = "SELECT datacl::text FROM pg_database WHERE datname = %s"
    for spec in pair:
        before = superuser(query, parameters=[spec.subdomain])
        for statement in ("GRANT CONNECT ON DATABASE {} TO PUBLIC", "REVOKE ALL ON DATABASE {} FROM saas_owner"):
            with contextlib.suppress(errors.InsufficientPrivilege):
                as_first(prefix, statement.format(f'"{spec.subdomain}"'))
        assert superuser(query, parameters=[spec.subdomain]) == before
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        as_first("SELECT 1", db=neighbour.subdomain)


def test_sessions_of_others_can_not_be_ended(as_first, provisioner, neighbour):
    with provisioner.connect(neighbour) as connection, connection.cursor() as cr:
        pid = connection.info.backend_pid
        with pytest.raises(errors.InsufficientPrivilege):
            as_first(f"SELECT pg_terminate_backend({pid})")
        cr.execute("SELECT 1")


class TestRolePutBack:
    """What a tenant can change of its own role is put back by the next step that needs it."""

    def test_password(self, as_tenant, provisioner, tenant):
        as_tenant("SET ROLE NONE", f"ALTER ROLE {naming.role_name(tenant.key)} PASSWORD 'mine'")
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            as_tenant("SELECT 1")
        with provisioner.connect(tenant):
            pass
        assert as_tenant("SELECT 1") == [(1,)]

    def test_settings_here_and_per_database(self, as_tenant, provisioner, tenant, superuser):
        role = naming.role_name(tenant.key)
        as_tenant("SET ROLE NONE", f"ALTER ROLE {role} SET role = none", f"ALTER ROLE {role} SET work_mem = '1GB'")
        as_tenant(f'ALTER ROLE {role} IN DATABASE "{tenant.subdomain}" SET search_path = evil')
        assert as_tenant("SELECT current_user::text, current_setting('search_path')") == [(role, "evil")]
        with provisioner.connect(tenant) as connection, connection.cursor() as cr:
            cr.execute(
                "SELECT current_user::text, current_setting('search_path'), current_setting('work_mem') <> '1GB'"
            )
            assert cr.fetchone() == ("saas_owner", '"$user", public', True)
        query = "SELECT s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = %s"
        [(config,)] = superuser(query, parameters=[role])
        wanted = role_settings.expected(tenant.limits)
        wanted.pop(role_settings.CONNECTIONS)
        assert sorted(config) == sorted(f"{name}={text}" for name, text in wanted.items())

    def test_own_role_given_away(self, as_tenant, provisioner, tenant, neighbour, superuser):
        role, other = naming.role_name(tenant.key), naming.role_name(neighbour.key)
        superuser(f"GRANT {role} TO {other}")  # PostgreSQL 15 lets the role itself do so in a login of its own
        roles.ensure_role(provisioner.cluster, tenant.key, "x" * 43, {})
        query = "SELECT count(*) FROM pg_auth_members WHERE roleid = %s::regrole AND member = %s::regrole"
        # From 16 on a role has no such right over itself, and the superuser's grant is not the manager's to revoke.
        if superuser("SHOW server_version_num") < [("160000",)]:
            assert superuser(query, parameters=[role, other]) == [(0,)]

    def test_own_objects_and_the_connection_limit(self, as_tenant, provisioner, tenant, superuser):
        as_tenant("SET ROLE NONE", "CREATE TABLE private (id int)")
        provisioner.undo(tenant)  # the role owned something, in a database that is gone
        assert superuser(
            "SELECT count(*) FROM pg_roles WHERE rolname = %s", parameters=[naming.role_name(tenant.key)]
        ) == [(0,)]


# What is planted keeps evidence of who ran it, and grants itself a neighbour's database if its rights allow that.
TRAP = """
    CREATE TABLE evidence (who text, session text);
    CREATE FUNCTION spring() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO evidence SELECT current_user, session_user;
        BEGIN
            EXECUTE 'GRANT CONNECT ON DATABASE {neighbour} TO {role}';
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
    END $$;
"""
PLANTED_TRIGGER = (
    TRAP
    + """
    CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN NEW; END $$;
    CREATE TRIGGER planted BEFORE INSERT OR UPDATE ON res_partner FOR EACH ROW EXECUTE FUNCTION planted();
"""
)
PLANTED_VIEW = (
    TRAP
    + """
    CREATE FUNCTION planted(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN x; END $$;
    ALTER TABLE res_users RENAME TO res_users_real;
    CREATE VIEW res_users AS SELECT planted(id) AS id, login, password, active, partner_id FROM res_users_real;
"""
)


@pytest.mark.parametrize("planted", [PLANTED_TRIGGER, PLANTED_VIEW])
class TestPlanted:
    """A trigger, or a view in a table's place, that the manager runs into."""

    def plant(self, as_tenant, tenant, neighbour, planted):
        as_tenant(planted.format(neighbour=f'"{neighbour.subdomain}"', role=naming.role_name(tenant.key)))

    def may_enter(self, as_tenant, neighbour):
        try:
            as_tenant("SELECT 1", db=neighbour.subdomain)
        except psycopg2.OperationalError:
            return False
        return True

    def test_it_runs_as_the_tenant(self, as_tenant, provisioner, tenant, neighbour, planted):
        self.plant(as_tenant, tenant, neighbour, planted)
        with provisioner.connect(tenant) as connection:
            assert password_link.mint_reset_token(connection).startswith("/web/reset_password?token=")
        role = naming.role_name(tenant.key)
        assert set(as_tenant("SELECT who, session FROM evidence")) == {("saas_owner", role)}
        assert not self.may_enter(as_tenant, neighbour)

    def test_positive_control(self, as_tenant, tenant, neighbour, planted, superuser):
        """The same trap works on a manager that walks in under its own role: the attack is real."""
        self.plant(as_tenant, tenant, neighbour, planted)
        superuser(f'GRANT CONNECT ON DATABASE "{tenant.subdomain}" TO saas_manager')
        walk_in = "UPDATE res_partner SET signup_type = 'reset'; SELECT count(id) FROM res_users"
        superuser("GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO saas_manager; "
                  "GRANT INSERT ON evidence TO saas_manager", tenant.subdomain)  # fmt: skip
        superuser(f"SET SESSION AUTHORIZATION saas_manager; {walk_in}", tenant.subdomain)
        assert self.may_enter(as_tenant, neighbour)
        superuser(f'REVOKE ALL ON DATABASE "{neighbour.subdomain}" FROM {naming.role_name(tenant.key)}')
