"""What a tenant's role can do with PostgreSQL beside its own tables: to the cluster, to itself, to what all share."""

import contextlib
import time

import psycopg2
import pytest
from psycopg2 import errors
from saas_engine import backup, dropping, measure, naming, role_settings, roles
from saas_engine.errors import EngineError
from support import tenants
from support.sql_attack import attacker, login

REFUSED = (
    errors.InsufficientPrivilege,
    errors.UndefinedFile,
    errors.UndefinedObject,
    errors.ObjectNotInPrerequisiteState,
    errors.CantChangeRuntimeParam,
    errors.FeatureNotSupported,
    errors.InvalidAuthorizationSpecification,
)


@pytest.mark.parametrize(
    "statement",
    [
        # Of itself: what a role may change of itself is its password and settings (TestRolePutBack), nothing else.
        "ALTER ROLE {role} SUPERUSER",
        "ALTER ROLE {role} CREATEROLE",
        "ALTER ROLE {role} CREATEDB",
        "ALTER ROLE {role} REPLICATION",
        "ALTER ROLE {role} BYPASSRLS",
        "ALTER ROLE {role} NOLOGIN",
        "ALTER ROLE {role} NOINHERIT",
        "ALTER ROLE {role} CONNECTION LIMIT 1000",
        "ALTER ROLE {role} VALID UNTIL '2020-01-01'",
        "ALTER ROLE {role} RENAME TO mine",
        "ALTER ROLE saas_owner LOGIN PASSWORD 'mine'",
        "ALTER ROLE ALL SET work_mem = '1GB'",
        "ALTER DATABASE {own} SET session_replication_role = replica",
        "COMMENT ON DATABASE {own} IS 'saas:00000000000000000000000000000000'",
        "COMMENT ON ROLE saas_owner IS 'mine'",
        # Out of the database: extensions, languages, foreign servers, replication.
        "CREATE EXTENSION postgres_fdw",
        "CREATE EXTENSION file_fdw",
        "CREATE EXTENSION adminpack",
        "CREATE EXTENSION hstore",
        "CREATE EXTENSION plpython3u",
        "DROP EXTENSION unaccent",
        "ALTER EXTENSION unaccent SET SCHEMA pg_catalog",
        "CREATE LANGUAGE mine HANDLER plpgsql_call_handler",
        "CREATE FUNCTION system(text) RETURNS int LANGUAGE c AS '/lib/x86_64-linux-gnu/libc.so.6', 'system'",
        "CREATE FUNCTION mine() RETURNS text LANGUAGE internal AS 'pg_read_file'",
        "CREATE FOREIGN DATA WRAPPER mine",
        "CREATE SUBSCRIPTION mine CONNECTION 'host=127.0.0.1' PUBLICATION x WITH (connect = false)",
        "CREATE PUBLICATION mine FOR ALL TABLES",
        "SELECT pg_create_physical_replication_slot('mine', true)",
        "SELECT pg_create_logical_replication_slot('mine', 'test_decoding')",
        # The machine: files, programs, the server itself.
        "LOAD 'dblink'",
        "SET session_preload_libraries = 'dblink'",
        "SET log_statement = 'none'",
        "SET session_replication_role = replica",
        "SET allow_system_table_mods = on",
        "SELECT pg_ls_dir('.')",
        "SELECT pg_stat_file('postgresql.conf')",
        "SELECT pg_current_logfile()",
        "SELECT lo_export(1, '/tmp/mine')",
        "COPY res_users TO '/tmp/mine'",
        "COPY res_users FROM '/etc/passwd'",
        "SHOW data_directory",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "SELECT pg_reload_conf()",
        "SELECT pg_switch_wal()",
        "CHECKPOINT",
        # What belongs to the server in this database.
        "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
        "CREATE OR REPLACE FUNCTION public.unaccent(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "CREATE FUNCTION pg_catalog.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION pg_catalog.lower(text) OWNER TO saas_owner",
        "UPDATE pg_catalog.pg_database SET datname = 'mine'",
        "DO $$ BEGIN LOCK TABLE pg_catalog.pg_database IN EXCLUSIVE MODE; END $$",
        "SELECT * FROM pg_catalog.pg_subscription",
        "SELECT * FROM pg_catalog.pg_user_mapping",
        "CREATE SCHEMA mine",
    ],
)
def test_refused(as_first, pair, statement):
    values = {"own": f'"{pair[0].subdomain}"', "role": naming.role_name(pair[0].key)}
    for role in ("saas_owner", "NONE"):
        with pytest.raises(REFUSED):
            as_first(f"SET ROLE {role}", statement.format(**values))


def test_a_prepared_transaction_would_outlive_its_session(as_first):
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="prepared transactions are disabled"):
        as_first("BEGIN", "CREATE TABLE mine (id int)", "PREPARE TRANSACTION 'mine'")


def test_a_library_of_the_machine_is_not_loaded_at_the_next_login(as_tenant, tenant):
    """The setting may name what lies in one folder of plugins, which is empty; nothing else."""
    as_tenant("SET ROLE NONE", f"ALTER ROLE {naming.role_name(tenant.key)} SET local_preload_libraries = 'dblink'")
    with pytest.raises(psycopg2.OperationalError, match="could not access file .*plugins/dblink"):
        as_tenant("SELECT 1")


def test_what_neighbours_ask_is_not_seen(as_tenant, provisioner, neighbour):
    """Their names are: the catalogue of databases is one for all, and PostgreSQL's own programs read it."""
    with provisioner.connect(neighbour) as connection, connection.cursor() as cr:
        cr.execute("SELECT 'a secret of the neighbour'")
        query = f"SELECT query, client_addr FROM pg_stat_activity WHERE datname = '{neighbour.subdomain}'"
        for prefix in ("RESET client_encoding", "SET ROLE NONE"):
            assert as_tenant(prefix, query) == [("<insufficient privilege>", None)]
        own = "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        assert as_tenant("SET ROLE NONE", own) == [(own,)]


class TestOwned:
    """`DROP OWNED` takes away what a role owns and what it was given, on databases too."""

    def test_by_the_owner_that_all_have(self, as_tenant, provisioner, tenant, neighbour):
        as_tenant("DROP OWNED BY saas_owner CASCADE")
        assert as_tenant("SELECT to_regclass('res_users')") == [(None,)], "its own tables are gone"
        with provisioner.enter(neighbour) as connection, connection.cursor() as cr:
            cr.execute("CREATE TABLE more (id int); SELECT count(*) FROM res_users")
            assert cr.fetchone()[0] > 0

    def test_what_it_was_given_is_not_its_own_to_give_away(self, as_tenant, provisioner, tenant):
        """Without the right to enter its database nobody could take its last dump, and nothing goes without one."""
        role = naming.role_name(tenant.key)
        as_tenant("SET ROLE NONE", "DROP OWNED BY CURRENT_USER")
        as_tenant("SET ROLE NONE", f'REVOKE CONNECT ON DATABASE "{tenant.subdomain}" FROM {role}, PUBLIC')
        with provisioner.connect(tenant) as connection, connection.cursor() as cr:
            cr.execute("SELECT current_user::text")
            assert cr.fetchone() == ("saas_owner",)


class TestOwner:
    """All tenants act as `saas_owner`, so each may change what a role may change of itself. Nobody logs in as it."""

    def test_what_a_tenant_sets_there_reaches_nobody(self, as_tenant, provisioner, neighbour):
        as_tenant("ALTER ROLE saas_owner SET work_mem = '1GB'", "ALTER ROLE saas_owner SET role = none")
        as_tenant(f'ALTER ROLE saas_owner IN DATABASE "{neighbour.subdomain}" SET search_path = evil')
        try:
            for run in (as_tenant, attacker(provisioner, neighbour)):
                settings = "current_setting('work_mem'), current_setting('search_path')"
                assert run(f"SELECT current_user::text, {settings}") == [("saas_owner", "4MB", '"$user", public')]
        finally:
            as_tenant("ALTER ROLE saas_owner RESET ALL")

    def test_a_password_of_it_opens_nothing(self, as_tenant, cluster, tenant):
        as_tenant("ALTER ROLE saas_owner PASSWORD 'mine'")
        login = {"host": cluster.host, "port": cluster.port, "user": "saas_owner", "password": "mine"}
        with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
            psycopg2.connect(dbname=tenant.subdomain, **login)

    @pytest.mark.parametrize("statement", ["PASSWORD 'mine'", "SET work_mem = '1MB'"])
    def test_a_lock_on_it_stops_no_other_tenants_job(self, provisioner, tenant, neighbour, statement):
        with contextlib.closing(login(provisioner, tenant)) as connection, connection.cursor() as cr:
            cr.execute(f"BEGIN; ALTER ROLE saas_owner {statement}")
            start = time.monotonic()
            with provisioner.connect(neighbour):
                pass
            assert time.monotonic() - start < 5

    @pytest.mark.parametrize("statement", ["PASSWORD 'mine'", "SET work_mem = '1MB'"])
    def test_a_lock_on_its_own_role_does_not_hold_a_job_for_ever(self, provisioner, tenant, statement, monkeypatch):
        monkeypatch.setattr(roles, "LOCK_TIMEOUT", "500ms")
        with contextlib.closing(login(provisioner, tenant)) as connection, connection.cursor() as cr:
            cr.execute(f"SET ROLE NONE; BEGIN; ALTER ROLE {naming.role_name(tenant.key)} {statement}")
            start = time.monotonic()
            with provisioner.connect(tenant) as own, own.cursor() as asked:
                asked.execute("SELECT 1")
            assert time.monotonic() - start < 20


class TestGiven:
    """A tenant gives rights in its own database to a neighbour's role, whose name the catalogue tells it."""

    @pytest.fixture
    def leaving(self, provisioner):
        made = tenants.make_spec()
        provisioner.clone_database(made)
        return made

    def test_the_neighbour_can_leave_all_the_same(self, as_tenant, provisioner, leaving, superuser):
        role = naming.role_name(leaving.key)
        as_tenant("CREATE TABLE bait (id int)", f"GRANT SELECT ON bait TO {role}")
        as_tenant(f"CREATE POLICY bait ON bait TO {role}", f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}")
        provisioner.undo(leaving)
        assert provisioner.cluster.database(leaving.subdomain) is None
        query = "SELECT rolcanlogin, rolpassword, rolconnlimit FROM pg_authid WHERE rolname = %s"
        assert superuser(query, parameters=[role]) == [(False, None, 0)]
        query = "SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole"
        assert superuser(query, parameters=[role]) == [(0,)]
        as_tenant("DROP TABLE bait", f"ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM {role}")
        provisioner.undo(leaving)
        assert superuser("SELECT count(*) FROM pg_roles WHERE rolname = %s", parameters=[role]) == [(0,)]

    def test_a_role_that_may_still_enter_a_database_is_kept(self, provisioner, leaving, superuser):
        with pytest.raises(EngineError, match="is still in use"):
            dropping.drop_role(provisioner.cluster, tenants.order("attempt", leaving.key, "failed"))
        provisioner.undo(leaving)


class TestLargeObjects:
    """They lie in the database, count as its size, and are dumped whoever made them."""

    def test_they_count(self, as_tenant, cluster, tenant):
        before = measure.database_sizes(cluster, [tenant.subdomain])[tenant.subdomain]
        as_tenant("SELECT lo_from_bytea(0, convert_to(string_agg(md5(g::text), ''), 'UTF8')) "
                  "FROM generate_series(1, 100000) g")  # fmt: skip
        after = measure.database_sizes(cluster, [tenant.subdomain])[tenant.subdomain]
        assert after - before > 3_000_000

    def test_a_neighbour_does_not_read_them(self, as_tenant, provisioner, neighbour):
        [(number,)] = as_tenant("SELECT lo_from_bytea(0, 'mine')")
        assert bytes(as_tenant(f"SELECT lo_get({number})")[0][0]) == b"mine"
        with pytest.raises(errors.UndefinedObject):
            attacker(provisioner, neighbour)(f"SELECT lo_get({number})")

    def test_what_the_login_role_owns_is_taken_back(self, as_tenant, provisioner, tenant):
        [(number,)] = as_tenant("SET ROLE NONE", "SELECT lo_from_bytea(0, 'hidden')")
        with provisioner.connect(tenant) as connection, connection.cursor() as cr:
            cr.execute(backup.TAKE_BACK)
            cr.execute("SELECT lo_get(%s)", [number])
            assert bytes(cr.fetchone()[0]) == b"hidden"


class TestShared:
    """What all databases of a cluster share: locks, the queue of notifications, connections."""

    @pytest.mark.parametrize("how", ["lock", "lock_shared", "xact_lock", "xact_lock_shared"])
    def test_advisory_locks_are_refused(self, as_first, cluster, how):
        """One statement takes a million of them, and the table that they fill is everybody's."""
        for name in (f"pg_advisory_{how}", f"pg_try_advisory_{how}"):
            for arguments in ("1", "1, 2"):
                with pytest.raises(errors.InsufficientPrivilege):
                    as_first(f"SELECT {name}({arguments})")
        with cluster.connect("manager") as connection, connection.cursor() as cr:
            cr.execute(f"SELECT pg_try_advisory_{how}(1)")
            assert cr.fetchone() == (True,), "the manager's jobs need them"

    def test_temporary_tables_are_the_sessions_own(self, as_first):
        table = "CREATE TEMPORARY TABLE mine AS SELECT 1 AS id"
        assert as_first(table, "SELECT id FROM mine") == [(1,)]
        with pytest.raises(errors.UndefinedTable):
            as_first("SELECT id FROM mine")

    def test_a_notification_stays_in_its_database(self, provisioner, cluster, tenant, neighbour):
        with provisioner.enter(tenant) as mine, provisioner.enter(neighbour) as theirs, cluster.connect() as ours:
            for connection in (mine, theirs, ours):
                with connection.cursor() as cr:
                    cr.execute("LISTEN cron_trigger; LISTEN imbus")
            with mine.cursor() as cr:
                cr.execute("SELECT pg_notify('cron_trigger', %s), pg_notify('imbus', '[]')", [neighbour.subdomain])
            heard = {}
            for name, connection in {"mine": mine, "theirs": theirs, "ours": ours}.items():
                with connection.cursor() as cr:
                    cr.execute("SELECT 1")
                connection.poll()
                heard[name] = len(connection.notifies)
        assert heard == {"mine": 2, "theirs": 0, "ours": 0}

    def test_connections_up_to_the_limit(self, provisioner, tenant, neighbour):
        """The last one is refused, the neighbour and the manager come in."""
        role, refusal = naming.role_name(tenant.key), "too many connections for role"
        limit = role_settings.expected(tenant.limits)[role_settings.CONNECTIONS]
        with contextlib.ExitStack() as stack, pytest.raises(psycopg2.OperationalError, match=refusal):
            for _ in range(limit):
                stack.enter_context(contextlib.closing(login(provisioner, tenant)))
            with provisioner.enter(neighbour) as connection, connection.cursor() as cr:
                cr.execute("SELECT 1")
            with provisioner.cluster.connect() as connection, connection.cursor() as cr:
                cr.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [role])
                assert cr.fetchone() == (limit,)
            login(provisioner, tenant)
