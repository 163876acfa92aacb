"""What a tenant puts in place of the tables that usage and health look at."""

import datetime
import time

import pytest
from saas_engine import naming, probe, usage
from saas_engine.errors import EngineError

TODAY = datetime.date(2026, 3, 10)
SPY = """
    CREATE TABLE spy (who text);
    CREATE FUNCTION peek() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN ASSERT session_user LIKE 'tenant_%', session_user; RETURN true; END $$;
    ALTER TABLE res_users RENAME TO hidden;
    CREATE VIEW res_users AS SELECT id, active, share FROM hidden WHERE peek();
"""
WRITE = """
    CREATE OR REPLACE FUNCTION peek() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO spy VALUES (session_user); RETURN true; END $$;
"""
SLEEP = """
    ALTER TABLE res_users RENAME TO hidden;
    CREATE VIEW res_users AS SELECT h.* FROM hidden h WHERE pg_sleep(60) IS NOT NULL;
"""
CROWD = """
    ALTER TABLE ir_cron RENAME TO hidden;
    CREATE VIEW ir_cron AS SELECT g AS id, true AS active, 99 AS failure_count,
        repeat(session_user || ' ', 1000) AS cron_name FROM generate_series(1, 10000) g;
"""
SLEEPING_CRON = """
    DROP VIEW ir_cron;
    CREATE VIEW ir_cron AS SELECT 1 AS id, true AS active, 9 AS failure_count, pg_sleep(30)::text AS cron_name;
"""


@pytest.fixture
def plant(provisioner, tenant):
    """A function: run SQL in the tenant's database, as its administrator may."""

    def run(statement):
        with provisioner.connect(tenant) as connection, connection, connection.cursor() as cr:
            cr.execute(statement)

    run("ALTER TABLE res_users ADD COLUMN share boolean; UPDATE res_users SET active = true, share = false")
    return run


@pytest.fixture
def measure(provisioner, tenant):
    """A function: measure the tenant, as the manager does every day."""
    return lambda: usage.Meter(provisioner, {tenant.key: tenant.subdomain}, TODAY).look_at(tenant, None)


def test_what_is_asked_inside_is_asked_as_the_tenant(measure, plant):
    """A view in place of a table runs with the rights of whoever looks at it, and it may not write."""
    assert measure().days[TODAY]["users"] == 1
    plant(SPY)
    assert measure().days[TODAY]["users"] == 1
    plant(WRITE)
    assert "read-only" in str(measure().error)


def test_a_tenant_cannot_keep_the_others_waiting(measure, plant, monkeypatch):
    monkeypatch.setattr(usage, "TENANT_SECONDS", 1)
    plant(SLEEP)
    start = time.monotonic()
    assert isinstance(measure().error, EngineError)
    assert time.monotonic() - start < 5


def test_health_reads_few_short_words_in_little_time(provisioner, tenant, plant, monkeypatch):
    monkeypatch.setattr(probe, "QUERY_SECONDS", 1)
    plant(CROWD)
    seen = provisioner.examine(tenant, 5)
    assert len(seen.crons) == 20
    assert all(len(cron.name) == 100 for cron in seen.crons)
    assert seen.crons[0].name.startswith(naming.role_name(tenant.key)), "not the manager"
    plant(SLEEPING_CRON)
    start = time.monotonic()
    assert "timeout" in provisioner.examine(tenant, 5).database
    assert time.monotonic() - start < 5
