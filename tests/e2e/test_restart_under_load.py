"""PostgreSQL is restarted while people, jobs and scheduled actions are at work: all of it goes on by itself."""

import contextlib
import signal
import threading
import time
import uuid

import pytest
import requests
from support.demo import Demo

# So that it runs now, whatever its own time is; the gateway's schedule, and Odoo's in the manager.
TENANT_CRON_DUE = "UPDATE saas.cron SET due = now(), rest_until = now() WHERE db = %s"
TENANT_CRON_RAN = "SELECT due > now() FROM saas.cron WHERE db = %s"
MANAGER_CRON_DUE = "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' - interval '1 minute' WHERE id = %s"
MANAGER_CRON_RAN = "SELECT nextcall > now() AT TIME ZONE 'UTC' FROM ir_cron WHERE id = %s"
ROUND, ANSWER_SECONDS = 8, 20


class Visitors(threading.Thread):
    """Ask for pages all the time; keep the last status of each address and the longest wait."""

    def __init__(self, demo, pages):
        super().__init__()
        self.sites = [(Demo(demo.path).tenant(name) if name else Demo(demo.path).manager) for name in pages]
        self.statuses, self.longest, self.ended = [], 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            for site in self.sites:
                start = time.monotonic()
                with contextlib.suppress(requests.RequestException):
                    self.statuses.append(site.get("/web/login").status_code)
                self.longest = max(self.longest, time.monotonic() - start)


@pytest.fixture
def visitors(demo, shared_instance):
    """Four people who look at a tenant and at the manager."""
    running = [Visitors(demo, [shared_instance, None]) for _ in range(4)]
    for each in running:
        each.start()
    yield running
    for each in running:
        each.ended.set()
    for each in running:
        each.join()


def test_postgresql_is_restarted_under_load(demo, visitors, shared_instance):
    with demo.superuser("manager") as cr:
        cr.execute("SELECT coalesce(max(id), 0) FROM queue_job")
        [last_job] = cr.fetchone()
    made = [demo.create(f"r{uuid.uuid4().hex[:10]}") for _ in range(4)]
    demo.manager.call("saas.instance", "action_provision", made)
    demo.wait_for(lambda: jobs(demo, last_job, "done"), lambda number: number >= 2, seconds=60)
    assert jobs(demo, last_job, "started", "enqueued")  # some are in the middle
    before = demo.process("postgres")
    before.send_signal(signal.SIGINT)  # a restart ends all sessions and is back within a second or two
    before.wait(60)
    demo.wait_for_another("postgres", before)
    demo.wait_for(lambda: states(demo, made), lambda found: found <= {"active", "failed"}, seconds=150, step=1)
    assert states(demo, made) == {"active"}
    assert not jobs(demo, last_job, "failed")
    assert_people_are_served(demo, visitors, shared_instance)
    assert_crons_run(demo, shared_instance)


def states(demo, instances):
    """Return in which states instances are; of a server that is away: none that ends the waiting."""
    with contextlib.suppress(Exception), demo.superuser("manager") as cr:  # noqa: BLE001 - it is starting
        cr.execute("SELECT DISTINCT state FROM saas_instance WHERE id = ANY (%s)", [instances])
        return {state for (state,) in cr.fetchall()}
    return {"?"}


def jobs(demo, after, *in_states):
    with demo.superuser("manager") as cr:
        cr.execute("SELECT count(*) FROM queue_job WHERE id > %s AND state = ANY (%s)", [after, list(in_states)])
        return cr.fetchone()[0]


def assert_people_are_served(demo, visitors, name):
    """Many rounds, so that each worker has its turn: one that hangs would let somebody wait."""
    for each in visitors:
        each.statuses.clear()
        each.longest = 0
    demo.wait_for(lambda: min(len(each.statuses) for each in visitors), lambda number: number >= ROUND, seconds=60)
    assert {status for each in visitors for status in each.statuses} == {200}
    assert max(each.longest for each in visitors) < ANSWER_SECONDS


def assert_crons_run(demo, name):
    cron = demo.manager.call("ir.model.data", "check_object_reference", "saas_manager", "ir_cron_handle_failures")[1]
    with demo.superuser() as cr, demo.superuser("manager") as manager:
        cr.execute(TENANT_CRON_DUE, [name])
        cr.execute("SELECT pg_notify('cron_trigger', ''), pg_notify('cron_trigger', 'manager')")
        manager.execute(MANAGER_CRON_DUE, [cron])
        demo.wait_for(lambda: ask(cr, TENANT_CRON_RAN, name), bool, seconds=30)
        demo.wait_for(lambda: ask(manager, MANAGER_CRON_RAN, cron), bool, seconds=90)


def ask(cr, query, value):
    cr.execute(query, [value])
    return cr.fetchone()[0]
