"""The cluster after the bootstrap (which ran twice): roles, rights, extensions, the manager's database."""

import contextlib
from concurrent import futures

import psycopg2
import pytest
from psycopg2 import errors
from saas_engine import bootstrap as bootstrapping
from saas_engine import dropping, roles
from saas_engine.errors import ConfigurationError, RetryableError
from support import postgres, tenants


def login(server, user, password, db):
    connection = psycopg2.connect(host=server.host, port=server.port, user=user, password=password, dbname=db)
    connection.autocommit = True
    return contextlib.closing(connection)


def test_nothing_is_missing(cluster):
    report = cluster.check()
    assert (report.missing_rights, report.ok, report.role) == ([], True, "saas_manager")
    assert report.latency_ms < 1000 and report.version.split(".")[0].isdigit()
    assert report.free_bytes > 0


def test_the_manager_is_no_superuser_and_acts_as_nobody_else(server):
    with login(server, "saas_manager", tenants.MANAGER_PASSWORD, "postgres") as connection, connection.cursor() as cr:
        cr.execute("SELECT rolsuper, rolinherit FROM pg_roles WHERE rolname = current_user")
        assert cr.fetchone() == (False, False)
        with pytest.raises(errors.InsufficientPrivilege):
            cr.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'")
        cr.execute("SELECT pg_has_role('saas_owner', 'USAGE')")
        assert cr.fetchone() == (False,)


def test_the_managers_database_is_ready_for_odoo(server):
    with login(server, "saas_manager", tenants.MANAGER_PASSWORD, "manager") as connection, connection.cursor() as cr:
        cr.execute("CREATE TABLE odoo (id int); DROP TABLE odoo")
        cr.execute("SELECT unaccent('Ünïcode'), similarity('a', 'a')")
        assert cr.fetchone() == ("Unicode", 1)
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        login(server, "saas_gateway", tenants.GATEWAY_PASSWORD, "manager")


def test_what_tenants_start_with(cluster, tenant, provisioner):
    with provisioner.connect(tenant) as connection, connection.cursor() as cr:
        cr.execute("CREATE TABLE t (name text); CREATE INDEX ON t (unaccent(name)); DROP TABLE t")
        cr.execute("SELECT extname FROM pg_extension ORDER BY extname")
        assert [name for (name,) in cr.fetchall()] == ["pg_trgm", "plpgsql", "unaccent"]


class TestGateway:
    """What the tenant service may do in the directory."""

    @pytest.fixture
    def gateway(self, server):
        with (
            login(server, "saas_gateway", tenants.GATEWAY_PASSWORD, "postgres") as connection,
            connection.cursor() as cr,
        ):
            yield cr

    def test_reads_its_own_runtime(self, gateway, tenant, superuser):
        superuser("INSERT INTO saas.runtime VALUES ('other', 'nobody-yet') ON CONFLICT DO NOTHING")
        gateway.execute("SELECT db, key, state FROM tenant WHERE key = %s", [tenant.key])
        assert gateway.fetchall() == [(tenant.subdomain, tenant.key, "active")]
        superuser("UPDATE saas.tenant SET runtime = 'other' WHERE key = %s", parameters=[tenant.key])
        gateway.execute("SELECT count(*) FROM tenant WHERE key = %s", [tenant.key])
        assert gateway.fetchone() == (0,)
        gateway.execute("SELECT count(*) FROM host WHERE db = %s", [tenant.subdomain])
        assert gateway.fetchone() == (0,)

    def test_writes_counters_and_crons_only(self, gateway, tenant):
        gateway.execute("INSERT INTO counter (db, hour, requests) VALUES (%s, now(), 1)", [tenant.subdomain])
        gateway.execute("UPDATE cron SET last_seconds = 1 WHERE db = %s", [tenant.subdomain])
        assert gateway.rowcount == 1
        for statement in ("UPDATE tenant SET state = 'active'", "DELETE FROM host", "INSERT INTO runtime VALUES ('x')"):
            with pytest.raises(errors.InsufficientPrivilege):
                gateway.execute(statement)

    def test_reports_on_its_own_tenants(self, gateway, tenant, superuser, provisioner):
        write = "INSERT INTO report (db, kind, detail) VALUES (%s, 'surplus_users', '{\"users\": 2}')"
        gateway.execute("SELECT version FROM publication")
        [before] = gateway.fetchone()
        gateway.execute(write, [tenant.subdomain])
        gateway.execute("SELECT version FROM publication")
        assert gateway.fetchone() == (before + 1,), "its other processes read it too"
        assert provisioner.directory.reports() == {tenant.key: {"surplus_users": {"users": 2}}}
        superuser("INSERT INTO saas.runtime VALUES ('other', 'nobody-yet') ON CONFLICT DO NOTHING")
        superuser("UPDATE saas.tenant SET runtime = 'other' WHERE key = %s", parameters=[tenant.key])
        gateway.execute("DELETE FROM report WHERE db = %s", [tenant.subdomain])
        assert gateway.rowcount == 0, "another runtime's"
        with pytest.raises(errors.InsufficientPrivilege):
            gateway.execute(write.replace("surplus_users", "unguarded"), [tenant.subdomain])
        superuser("UPDATE saas.tenant SET runtime = 'shared' WHERE key = %s", parameters=[tenant.key])
        gateway.execute("DELETE FROM report WHERE db = %s", [tenant.subdomain])
        assert provisioner.directory.reports() == {}

    def test_counts_mails_up_to_the_limit(self, gateway, tenant, provisioner):
        def reserve(count):
            gateway.execute("SELECT reserve_mails(%s, %s)", [tenant.subdomain, count])
            return gateway.fetchone()[0]

        assert reserve(1000) is None  # no limits: counted all the same
        provisioner.directory.set_limits({tenant.key: {"max_mails_hour": 1005, "max_mails_day": 0}})
        assert [reserve(3), reserve(3), reserve(2)] == [None, "hour", None]
        provisioner.directory.set_limits({tenant.key: {"max_mails_hour": 0, "max_mails_day": 1006}})
        assert [reserve(2), reserve(1), reserve(1)] == ["day", None, "day"]
        gateway.execute("UPDATE counter SET hour = hour - interval '24 hours' WHERE db = %s", [tenant.subdomain])
        assert reserve(1006) is None
        gateway.execute("SELECT reserve_mails('nobody', 1)")
        assert gateway.fetchone() == ("unknown",)
        with pytest.raises(errors.RaiseException):
            reserve(-1)

    def test_counts_mails_of_many_workers_to_the_limit_exactly(self, gateway, server, tenant, provisioner):
        provisioner.directory.set_limits({tenant.key: {"max_mails_hour": 50}})

        def work(_):
            with login(server, "saas_gateway", tenants.GATEWAY_PASSWORD, "postgres") as own, own.cursor() as cr:
                answers = []
                for _ in range(20):
                    cr.execute("SELECT reserve_mails(%s, 1)", [tenant.subdomain])
                    answers.append(cr.fetchone()[0])
                return answers.count(None)

        with futures.ThreadPoolExecutor(4) as workers:
            assert sum(workers.map(work, range(4))) == 50
        gateway.execute("SELECT sum(mails) FROM counter WHERE db = %s", [tenant.subdomain])
        assert gateway.fetchone() == (50,)

    def test_counts_no_mails_of_others(self, gateway, tenant, superuser, provisioner):
        superuser("INSERT INTO saas.runtime VALUES ('other', 'nobody-yet') ON CONFLICT DO NOTHING")
        superuser("UPDATE saas.tenant SET runtime = 'other' WHERE key = %s", parameters=[tenant.key])
        gateway.execute("SELECT reserve_mails(%s, 1)", [tenant.subdomain])
        assert gateway.fetchone() == ("unknown",)
        superuser("UPDATE saas.tenant SET runtime = 'shared' WHERE key = %s", parameters=[tenant.key])
        with provisioner.connect(tenant) as connection, connection.cursor() as cr:
            with pytest.raises(errors.InvalidSchemaName):
                cr.execute("SELECT saas.reserve_mails(%s, 1)", [tenant.subdomain])

    def test_counts_publications(self, gateway, tenant, provisioner):
        gateway.execute("SELECT version FROM publication")
        [before] = gateway.fetchone()
        provisioner.directory.set_state(tenant.key, "suspended", "unpaid")
        gateway.execute("SELECT version FROM publication")
        assert gateway.fetchone()[0] > before


def arguments(server, **changes):
    values = {
        "SAAS_PG_HOST": server.host,
        "SAAS_PG_PORT": str(server.port),
        "SAAS_PG_SUPERUSER": "postgres",
        "SAAS_PG_SUPERUSER_PASSWORD": postgres.SUPERUSER_PASSWORD,
        "SAAS_PG_MANAGER_PASSWORD": tenants.MANAGER_PASSWORD,
        "SAAS_PG_GATEWAY_PASSWORD": tenants.GATEWAY_PASSWORD,
    }
    return {**values, **changes}


def test_command(server, capsys, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(tenants.MANAGER_PASSWORD)
    environ = arguments(server, SAAS_PG_MANAGER_PASSWORD="", SAAS_PG_MANAGER_PASSWORD_FILE=str(secret))
    assert bootstrapping.main(environ) == 0
    assert "is ready" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SAAS_PG_MANAGER_PASSWORD": ""}, "SAAS_PG_MANAGER_PASSWORD"),
        ({"SAAS_PG_SUPERUSER_PASSWORD": "wrong"}, "password authentication failed"),
        ({"SAAS_PG_PORT": "1"}, "refused"),
        ({"SAAS_PG_PORT": "here"}, "SAAS_PG_PORT is 'here'"),
    ],
)
def test_command_fails_aloud(server, capsys, change, message):
    assert bootstrapping.main(arguments(server, **change)) == 1
    assert message in capsys.readouterr().err


def test_a_stranger_is_a_configuration_error(server):
    cluster = tenants.make_cluster(server)
    cluster._password = "wrong"  # noqa: S105 - that is the point
    with pytest.raises(ConfigurationError, match="password authentication failed"):
        cluster.check()


def test_a_cluster_that_is_away(cluster):
    away = type(cluster)(cluster.host, postgres.free_port(), password="x")  # noqa: S106 - a test's
    with pytest.raises(RetryableError, match="refused"):
        away.check()


def test_a_missing_right_is_a_configuration_error(cluster, superuser):
    superuser("ALTER ROLE saas_manager NOCREATEDB")
    try:
        with pytest.raises(ConfigurationError, match="permission denied"):
            roles.ensure_role(cluster, "0" * 32, "x" * 43, {})
            cluster.clone("template1", "nope-nope", "0" * 32)
        assert "CREATEDB" in cluster.check().missing_rights
    finally:
        superuser("ALTER ROLE saas_manager CREATEDB")
        dropping.drop_draft(cluster, dropping.own_draft("0" * 32))
        dropping.drop_role(cluster, tenants.order("attempt", "0" * 32, "failed"))
    assert cluster.check().ok
