"""Usage per day: counters from the directory, sizes from the cluster, people from the tenant, asked as its own role."""

import datetime
import shutil

import pytest
from psycopg2 import sql
from saas_engine import naming, usage
from saas_engine.errors import EngineError, RetryableError
from support import tenants

TODAY = datetime.date(2026, 3, 10)
YESTERDAY = TODAY - usage.ONE_DAY
DEVICES = """
    CREATE TABLE res_device_log (id serial, user_id int, first_activity timestamp, last_activity timestamp);
    ALTER TABLE res_users ADD COLUMN IF NOT EXISTS share boolean;
    UPDATE res_users SET active = true, share = false;
"""


@pytest.fixture
def tenant(provisioner, tenant):
    """A tenant with what the fake template lacks."""
    run(provisioner, tenant, DEVICES)
    return tenant


def run(provisioner, tenant, statement, values=None):
    with provisioner.connect(tenant) as connection, connection, connection.cursor() as cr:
        cr.execute(statement, values)


def count(cluster, tenant, hour, requests=0, errors=0, mails=0, cron_seconds=0.0):
    with cluster.connect() as connection, connection.cursor() as cr:
        values = [tenant.subdomain, f"{hour}+00", requests, errors, mails, cron_seconds]
        query = "INSERT INTO saas.counter (db, hour, requests, errors, mails, cron_seconds) VALUES (%s,%s,%s,%s,%s,%s)"
        cr.execute(query, values)


def meter(provisioner, *specs):
    return usage.Meter(provisioner, {spec.key: spec.subdomain for spec in specs}, TODAY)


def seen(provisioner, tenant, user, first, last):
    query = "INSERT INTO res_device_log (user_id, first_activity, last_activity) VALUES (%s, %s, %s)"
    run(provisioner, tenant, query, [user, first, last])


def test_a_day_is_the_sum_of_its_hours_in_utc(provisioner, cluster, tenant):
    count(cluster, tenant, "2026-03-08 23:00", requests=1)
    count(cluster, tenant, "2026-03-09 00:00", requests=10, errors=2, mails=3, cron_seconds=1.5)
    count(cluster, tenant, "2026-03-09 23:00", requests=20, cron_seconds=2)
    count(cluster, tenant, "2026-03-11 00:00", requests=7)
    days = meter(provisioner, tenant).look_at(tenant, None).days
    assert list(days) == [TODAY - 2 * usage.ONE_DAY, YESTERDAY, TODAY], "none of a clock that was ahead"
    expected = {"requests": 30, "errors": 2, "mails": 3, "cron_seconds": 3.5, "is_complete": True}
    assert days[YESTERDAY].items() >= expected.items()
    assert (days[TODAY]["requests"], days[TODAY]["is_complete"]) == (0, False)


def test_days_that_were_missed(provisioner, cluster, tenant):
    count(cluster, tenant, "2026-03-07 10:00", requests=5)
    days = meter(provisioner, tenant).look_at(tenant, datetime.date(2026, 3, 6)).days
    assert [day.day for day in days] == [6, 7, 8, 9, 10]
    assert [values["requests"] for values in days.values()] == [0, 5, 0, 0, 0]
    measured = [day for day, values in days.items() if "database_mb" in values or "users" in values]
    assert measured == [TODAY], "nobody knows how large it was on a day without a look"
    assert [day for day, values in days.items() if "active_users" in values] == [YESTERDAY, TODAY]


def test_sizes_and_people(provisioner, runtime, tenant):
    seen(provisioner, tenant, 2, "2026-03-09 08:00", "2026-03-10 00:10")
    seen(provisioner, tenant, 2, "2026-03-10 09:00", "2026-03-10 09:00")
    seen(provisioner, tenant, 2, "2026-03-01 09:00", "2026-03-05 09:00")
    run(provisioner, tenant, "INSERT INTO res_users (id, login, partner_id, share) VALUES (9, 'portal', 3, true)")
    seen(provisioner, tenant, 9, "2026-03-10 09:00", "2026-03-10 09:00")
    reading = meter(provisioner, tenant).look_at(tenant, YESTERDAY)
    today = reading.days[TODAY]
    assert reading.error is None
    assert (today["users"], today["active_users"]) == (1, 1), "people of the portal do not count"
    assert reading.days[YESTERDAY]["active_users"] == 1, "the session that went on over midnight"
    assert today["database_mb"] > 5
    assert today["files_mb"] == pytest.approx(2 * 1000 / usage.MEGABYTE)
    assert today["storage_mb"] == today["database_mb"] + today["files_mb"]


def test_whoever_counts_for_the_limit_counts_here(provisioner, tenant):
    """A member of the employees who is written down as shared, which anybody with access to users can do."""
    run(provisioner, tenant, "INSERT INTO res_users (id, login, partner_id, share) VALUES (9, 'sly', 3, true)")
    assert meter(provisioner, tenant).look_at(tenant, None).days[TODAY]["users"] == 1
    run(provisioner, tenant, "INSERT INTO res_groups_users_rel (gid, uid) VALUES (1, 9)")
    assert meter(provisioner, tenant).look_at(tenant, None).days[TODAY]["users"] == 2


def test_without_a_log_of_devices_nobody_is_said_to_be_inactive(provisioner, tenant):
    run(provisioner, tenant, "DROP TABLE res_device_log")
    reading = meter(provisioner, tenant).look_at(tenant, YESTERDAY)
    assert reading.error is None
    assert reading.days[TODAY]["users"] == 1
    assert not [day for day, values in reading.days.items() if "active_users" in values]


def test_files_that_the_manager_cannot_see_are_unknown(provisioner, runtime, tenant):
    shutil.rmtree(runtime.filestore(tenant.subdomain).parent)
    today = meter(provisioner, tenant).look_at(tenant, None).days[TODAY]
    assert "database_mb" in today
    assert "files_mb" not in today and "storage_mb" not in today


def test_a_tenant_that_does_not_answer_keeps_what_is_known_of_it(provisioner, cluster, tenant, monkeypatch):
    monkeypatch.setattr(usage, "TENANT_SECONDS", 1)
    count(cluster, tenant, "2026-03-09 10:00", requests=4)
    with provisioner.connect(tenant) as connection, connection, connection.cursor() as cr:
        cr.execute("LOCK TABLE res_users")
        reading = meter(provisioner, tenant).look_at(tenant, None)
    assert isinstance(reading.error, RetryableError)
    assert reading.days[YESTERDAY]["requests"] == 4
    assert "database_mb" in reading.days[TODAY] and "users" not in reading.days[TODAY]
    assert meter(provisioner, tenant).look_at(tenant, None).error is None


def test_a_role_that_its_tenant_has_changed_is_put_back(provisioner, superuser, tenant):
    role = sql.Identifier(naming.role_name(tenant.key))
    superuser(sql.SQL("ALTER ROLE {} PASSWORD 'mine'").format(role))
    assert meter(provisioner, tenant).look_at(tenant, None).error is None
    superuser(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
    assert meter(provisioner, tenant).look_at(tenant, None).days[TODAY]["users"] == 1


def test_a_database_that_is_gone_or_somebody_elses(provisioner, cluster, tenant):
    other = tenants.make_spec()
    stranger = tenants.make_spec(subdomain=tenant.subdomain)
    found = meter(provisioner, tenant, other)
    assert set(found.sizes) == {tenant.subdomain}
    assert isinstance(found.look_at(other, None).error, EngineError)
    assert found.look_at(tenant, None).error is None, "the neighbour is read all the same"
    assert not meter(provisioner, stranger).sizes


def test_the_role_that_reads_sizes_is_laid_down_again(provisioner, cluster, tenant):
    with cluster.connect() as connection, connection.cursor() as cr:
        meter(provisioner, tenant)
        cr.execute("SELECT current_user")
        assert cr.fetchone() == ("saas_manager",)


def test_counters_that_were_taken_over_go(provisioner, cluster, tenant):
    for hour in ("2026-03-05 23:00", "2026-03-06 00:00", "2026-03-06 23:00", "2026-03-07 00:00"):
        count(cluster, tenant, hour, requests=1)
    assert usage.forget(cluster, {tenant.key: datetime.date(2026, 3, 6)}) == 3
    assert list(usage.counted(cluster, [tenant.key])[tenant.key]) == [datetime.date(2026, 3, 7)]
