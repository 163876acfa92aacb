"""A scheduled action of a tenant: made due, waited for."""

import time

from .gateway_client import seconds_until

JOB = "base.autovacuum_job"


def job_id(tenant):
    module, name = JOB.split(".")
    query = "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s"
    return tenant.sql(query, [module, name])[0][0]


def last_call(tenant):
    return tenant.sql("SELECT lastcall FROM ir_cron WHERE id = %s", [job_id(tenant)])[0][0]


def trigger(tenant):
    """Make the job due in Odoo itself, which then announces it."""
    tenant.client.execute("ir.cron", "write", [job_id(tenant)], {"nextcall": "2020-01-01 00:00:00"})


def wait_for_run(tenant, limit=10):
    """Make the job due and return how long it took to run."""
    time.sleep(1)  # Odoo notes the last run by the second
    before = last_call(tenant)
    trigger(tenant)
    return seconds_until(lambda: last_call(tenant) != before, limit)


def due(stack, db):
    return stack.gateway_sql("SELECT due <= now() FROM saas.cron WHERE db = %s", [db])[0][0]
