"""Cron workers that open a database only when it has something to do.

Stock: every worker opens EVERY database about once a minute. Here `saas.cron` says when each one is due. A worker
claims a row, runs Odoo's own `_process_jobs`, reads when the next job is due and writes it back. Odoo's notices (a
trigger, a changed schedule) go through the SQL function `saas_notify`, which makes the row due first: a notice that
nobody hears (all workers busy, then killed) is not lost.

Three methods of `odoo.service.server.WorkerCron` are replaced. The class cannot be: Odoo writes
`super(WorkerCron, self)`, which a subclass under the same name turns into an endless recursion.
"""

import contextlib
import logging
import select
import threading
import time

import psycopg2

import odoo.service.server
import odoo.sql_db
from odoo.tools import config

from . import sessions, wrapping
from .directory import DirectoryUnavailable, directory
from .roles import TenantClosed, work_for
from .schedule import NEXT, Schedule
from .visits import Visits

_logger = logging.getLogger(__name__)
PRUNE_EVERY = 3600
RELEASE_SECONDS = 60
LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)
SERVER_ENDS = ("57P01", "57P02", "57P03")  # shut down by its administrator, crashed, starting
_pruned = {"at": time.monotonic()}
_shared = {}


def _execute_on(worker):
    """Return how to run a statement on the worker's own connection to `postgres`."""
    cursor = worker.dbcursor

    def execute(query, values):
        if not cursor._cnx.autocommit:
            cursor._cnx.autocommit = True  # claims are over at once; and no notice arrives in a transaction
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description else []

    return execute


def _build_init(stock):
    def __init__(self, multi):
        stock(self, multi)
        # In the parent process, which knows the workers that are there; they inherit what they share.
        slots = max(config["max_cron_threads"], 1)
        if "visits" not in _shared:
            _shared["visits"] = Visits(slots)
        taken = {worker.schedule.slot for worker in multi.workers_cron.values()}
        slot = next(slot for slot in range(slots) if slot not in taken)
        self.schedule = Schedule(slot, slots, multi.cron_timeout or 3600, _shared["visits"])

    return __init__


def _sleep(self):
    connection = self.dbcursor._cnx
    if self.schedule.idle:
        wait = self.schedule.seconds_to_sleep(_execute_on(self))
        if not connection.notifies:  # one that came with the answer makes the connection readable no more
            select.select([self.wakeup_fd_r, connection], [], [], wait)
        odoo.service.server.empty_pipe(self.wakeup_fd_r)
    connection.poll()
    connection.notifies.clear()  # saas_notify() has written the row: a notice only wakes us


def _process_work(self):
    execute = _execute_on(self)
    database, claim = self.schedule.claim(execute)
    if not database:
        return _prune_sessions()
    self.setproctitle(database)
    start = time.monotonic()
    with self.schedule.visiting():
        due_in = _visit(database)
    work_for(None)
    _release(self.schedule, execute, database, claim, time.monotonic() - start, due_in)
    self.request_count += 1


def _release(schedule, execute, *visit):
    """Give a claim back, by a new connection if the one at hand was lost: else that tenant would wait for minutes."""
    try:
        schedule.release(execute, *visit)
    except LOST:
        _logger.warning("PostgreSQL went away during a visit to %s: waiting for it", visit[0])
        deadline = time.monotonic() + RELEASE_SECONDS
        while not _is_released(schedule, *visit) and time.monotonic() < deadline:
            time.sleep(1)
        raise  # this worker's connection is dead: another worker takes its place


def _is_released(schedule, *visit):
    try:
        schedule.release(directory.link.execute, *visit)
    except psycopg2.OperationalError:
        return False
    return True


def _visit(database):
    """Run the jobs that are due in a database.

    :return: seconds until the next one is due, None if that could not be found out; 0 if PostgreSQL went away
    """
    from odoo.addons.base.models import ir_cron  # late, as Odoo itself does

    model = getattr(ir_cron, "IrCron", None) or ir_cron.ir_cron  # 19.0, 18.0
    try:
        work_for(directory.tenant_in(database))
        model._process_jobs(database)
        with odoo.sql_db.db_connect(database).cursor() as cr:
            cr.execute(NEXT)
            [seconds] = cr.fetchone()
        return seconds
    except psycopg2.Error as error:
        # A tenant that broke its own tables, or was suspended this moment, must not stop the worker.
        _logger.warning("no jobs run in %s: %s", database, error)
        return 0 if _is_lost(error) else None
    finally:
        with contextlib.suppress(TenantClosed, DirectoryUnavailable):
            odoo.sql_db.close_db(database)


def _is_lost(error):
    """Tell whether it was the connection and not the tenant: psycopg2 has no code for what the server did not say."""
    own = isinstance(error, TenantClosed | DirectoryUnavailable)
    return isinstance(error, LOST) and not own and error.pgcode in (None, *SERVER_ENDS)


def _prune_sessions():
    """Each tenant removes its old sessions by its own rule; this finds what was left."""
    if time.monotonic() - _pruned["at"] > PRUNE_EVERY:
        _pruned["at"] = time.monotonic()
        threading.Thread(target=sessions.prune_all, daemon=True).start()


def install():
    """Replace how a cron worker waits and what it does then."""
    worker = odoo.service.server.WorkerCron
    wrapping.replace(worker, "__init__", _build_init)
    wrapping.replace(worker, "sleep", lambda stock: _sleep)
    wrapping.replace(worker, "process_work", lambda stock: _process_work)
