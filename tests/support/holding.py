"""Holding a provisioning at a named step from outside, and finding the worker process that waits there.

Nothing in the product knows about it: the step needs a lock that the test has, or a service that the test has stopped.
"""

import contextlib
import functools
import signal
from concurrent.futures import ThreadPoolExecutor

import psutil

LOCKED_STEPS = ("database", "filestore", "personalise", "publish")
WAITS_FOR_LOCK = """
    SELECT a.client_port FROM pg_locks w JOIN pg_stat_activity a USING (pid)
    WHERE w.locktype = 'advisory' AND NOT w.granted AND a.usename = 'saas_manager' AND EXISTS (
        SELECT FROM pg_locks h WHERE h.pid = %s AND h.granted AND h.locktype = 'advisory'
            AND (h.classid, h.objid) = (w.classid, w.objid))
"""
WAITS_FOR_TABLE = """
    SELECT a.client_port FROM pg_locks w JOIN pg_stat_activity a USING (pid)
    WHERE w.relation = 'saas.host'::regclass AND NOT w.granted AND a.usename = 'saas_manager'
"""


@contextlib.contextmanager
def held_at(demo, key, step):
    """Hold the provisioning of the tenant with this key at a step.

    :return: a function that waits for the worker and returns its process
    """
    if step == "reserve":
        holder = _at_the_directory(demo)
    elif step == "verify":
        holder = _at_the_tenant_service(demo)
    else:
        holder = _at_its_lock(demo, key, LOCKED_STEPS.index(step))
    with holder as find_port:
        yield lambda: _process_with_port(demo, demo.wait_for(find_port, bool, seconds=25, step=0.02))


@contextlib.contextmanager
def _at_the_directory(demo):
    with demo.superuser() as cr, demo.superuser() as watcher:
        cr.execute("BEGIN")
        cr.execute("LOCK TABLE saas.host IN ACCESS EXCLUSIVE MODE")
        yield lambda: _port(watcher, WAITS_FOR_TABLE)
        cr.execute("ROLLBACK")


@contextlib.contextmanager
def _at_the_tenant_service(demo):
    """The verify step waits for an answer of a service that has been stopped."""
    parent = demo.process("tenant")
    processes = [parent, *parent.children(recursive=True)]
    _signal(processes, signal.SIGSTOP)
    try:
        yield lambda: _port_to_proxy(demo)
    finally:
        _signal(processes, signal.SIGCONT)


@contextlib.contextmanager
def _at_its_lock(demo, key, passing):
    """Have the tenant's lock, and let the given number of steps pass before the one to hold.

    Locks are granted in the order in which they were asked for: a second session that asks behind the waiting job gets
    the lock when that job's step has ended.
    """
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(_locked(demo, key))
        yield lambda: _pass_and_find(demo, stack, key, holder, passing)


def _pass_and_find(demo, stack, key, holder, passing):
    watcher = stack.enter_context(demo.superuser())
    for _step in range(passing):
        _wait_for_port(demo, watcher, holder)
        following = stack.enter_context(_asking(demo, key))
        demo.wait_for(functools.partial(_is_waiting, watcher, following["pid"]), bool, seconds=5, step=0.02)
        holder["cr"].execute("SELECT pg_advisory_unlock_all()")
        following["wait"]()
        holder = following
    return _wait_for_port(demo, watcher, holder)


def _wait_for_port(demo, watcher, holder):
    """Return the port of the worker that waits for the lock that a session holds."""
    return demo.wait_for(lambda: _port(watcher, WAITS_FOR_LOCK, [holder["pid"]]), bool, seconds=25, step=0.02)


@contextlib.contextmanager
def _locked(demo, key):
    with _asking(demo, key) as asking:
        asking["wait"]()
        yield asking


@contextlib.contextmanager
def _asking(demo, key):
    """A session that has asked for a tenant's lock, in a thread of its own."""
    with demo.superuser() as cr, ThreadPoolExecutor(1) as pool:
        cr.execute("SELECT pg_backend_pid()")
        [pid] = cr.fetchone()
        lock = pool.submit(cr.execute, "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"saas:{key}"])
        yield {"cr": cr, "pid": pid, "wait": lambda: lock.result(25)}


def _is_waiting(cr, pid):
    cr.execute("SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted", [pid])
    return cr.fetchone()[0]


def _port(cr, query, values=()):
    cr.execute(query, values)
    row = cr.fetchone()
    return row and row[0]


def _port_to_proxy(demo):
    """Return the local port of a manager's process that is connected to the proxy."""
    proxy = int(demo.manager.host.rpartition(":")[2])
    for process in _workers(demo):
        for each in _connections(process):
            if each.raddr and each.raddr.port == proxy:
                return each.laddr.port
    return None


def _process_with_port(demo, port):
    for process in _workers(demo):
        if any(each.laddr and each.laddr.port == port for each in _connections(process)):
            return process
    raise AssertionError(f"no process of the manager uses port {port}")


def _workers(demo):
    return demo.process("manager").children(recursive=True)


def _connections(process):
    try:
        return process.connections("tcp")
    except psutil.Error:  # it has just ended
        return []


def _signal(processes, number):
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
