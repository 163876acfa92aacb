"""Scheduled actions of many tenants: what idle ones cost, how soon one runs, who waits behind endless ones."""

import time

from ..gateway_client import seconds_until
from . import processes

JOB = """SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'autovacuum_job'"""
ENDLESS = "while True:\n    time.sleep(1)"


def last_run(tenant):
    """Return when a tenant's own job ran last."""
    return tenant.sql(f"SELECT lastcall FROM ir_cron WHERE id = ({JOB})")[0][0]


def trigger(tenant):
    """Make the job due in Odoo itself, which then announces it."""
    [[job]] = tenant.sql(JOB)
    tenant.client.execute("ir.cron", "write", [job], {"nextcall": "2020-01-01 00:00:00"})


def seconds_to_run(tenant, limit=60):
    """Make the job due and return how long it took to run.

    :raise AssertionError: it did not within the limit
    """
    time.sleep(1)  # Odoo notes the last run by the second
    before = last_run(tenant)
    trigger(tenant)
    return seconds_until(lambda: last_run(tenant) != before, limit)


def load_all(house, limit):
    """Have a job of each tenant run, so that the cron workers know all of them, as after an hour.

    :param float limit: seconds that it may take
    """
    for tenant in house.tenants:
        tenant.sql(f"UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id = ({JOB})")
    house.stack.gateway_sql("UPDATE saas.cron SET due = now(), rest_until = now()")
    end = time.monotonic() + limit
    for number, tenant in enumerate(house.tenants):
        seconds_until(lambda tenant=tenant: not _is_waiting(tenant), end - time.monotonic(), step=1)
        if number % 50 == 49:
            house.say(f"the jobs of {number + 1} tenants have run")


def _is_waiting(tenant):
    late = f"SELECT nextcall <= now() AT TIME ZONE 'UTC' FROM ir_cron WHERE id = ({JOB})"
    return tenant.sql(late)[0][0]


def idle_cost(house, service, seconds):
    """Return what an idle house uses of a core: (PostgreSQL, the service)."""
    house.superuser("CHECKPOINT")  # of what came before
    return processes.share_of_a_core([house.stack.server.process.pid, service.pid], seconds)


def count_sessions(house):
    """Return how many sessions were opened in the tenants' databases so far."""
    house.superuser("SELECT pg_stat_clear_snapshot()")
    [[number]] = house.superuser("SELECT sum(sessions)::int FROM pg_stat_database WHERE datname ~ '^t[0-9]'")
    return number


def make_endless(tenant):
    """Put code that never ends into the tenant's job, by SQL: no interface lets a tenant do so."""
    action = f"SELECT ir_actions_server_id FROM ir_cron WHERE id = ({JOB})"
    tenant.sql(f"UPDATE ir_act_server SET code = %s WHERE id = ({action})", [ENDLESS])
    tenant.sql(f"UPDATE ir_cron SET nextcall = '2020-01-01' WHERE id = ({JOB})")
    tenant.stack.gateway_sql("SELECT saas_notify('cron_trigger', %s)", [tenant.db])


def waits_behind_endless(house, limit, samples):
    """Start three endless jobs, then have neighbours' jobs run one after the other.

    :param int limit: what the service's `limit_time_real_cron` is
    :return: seconds that each of the neighbours waited; one of them met cron workers that were all taken
    """
    endless, neighbours = house.tenants[:3], house.tenants[3:]
    for tenant in neighbours[:samples]:
        assert tenant.client.status() == 200
    for tenant in endless:
        make_endless(tenant)
    time.sleep(3)
    waits = [seconds_to_run(neighbours[number % len(neighbours)], limit + 60) for number in range(samples)]
    begun = "SELECT count(*) FROM saas.cron WHERE db = ANY(%s) AND last_seconds >= %s"
    [[number]] = house.stack.gateway_sql(begun, [[tenant.db for tenant in endless], limit])
    assert number == len(endless), f"only {number} endless jobs were begun: nobody has waited for anything"
    return waits
