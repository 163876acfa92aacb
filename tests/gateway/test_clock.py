"""The clock jumps: what was written before lies in the future, or an hour of it has passed at once."""

import time

import pytest
from support.gateway_client import seconds_until
from support.gateway_crons import due, job_id, last_call, trigger, wait_for_run

SHIFT = "UPDATE saas.cron SET due = due + %(jump)s::interval, rest_until = rest_until + %(jump)s::interval"

LEASED = """
    UPDATE saas.cron SET due = now() - interval '1 minute', rest_until = now() + interval '5 minutes' WHERE db = %s
"""


@pytest.mark.parametrize("jump", ["1 day", "-1 day"])
def test_scheduled_actions_go_on(acme, beta, stack, jump):
    """Rows that lie ahead: the clock was set back by a day. Behind: it was set forward."""
    wait_for_run(acme, limit=60)
    stack.gateway_sql(SHIFT, {"jump": jump})
    for tenant in (acme, beta):
        time.sleep(1)  # Odoo notes the last run by the second
        before = last_call(tenant)
        trigger(tenant)
        seconds_until(lambda tenant=tenant, before=before: last_call(tenant) != before, limit=30)
    seconds_until(lambda: not due(stack, acme.db), limit=30)


def test_a_lease_that_is_running_is_not_taken_for_one(acme, stack):
    """The control: five minutes ahead is a worker at work, and nobody else goes there."""
    wait_for_run(acme, limit=60)
    stack.gateway_sql(LEASED, [acme.db])
    acme.sql("UPDATE ir_cron SET nextcall = '2020-01-01' WHERE id = %s", [job_id(acme)])
    before = last_call(acme)
    stack.gateway_sql("SELECT pg_notify('cron_trigger', 'acme')")
    time.sleep(3)
    assert last_call(acme) == before
    stack.gateway_sql("UPDATE saas.cron SET rest_until = now() WHERE db = %s", [acme.db])
    stack.gateway_sql("SELECT pg_notify('cron_trigger', 'acme')")
    seconds_until(lambda: last_call(acme) != before, limit=30)
