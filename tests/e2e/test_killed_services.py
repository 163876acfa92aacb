"""`kill -9` of the whole manager, and of the whole tenant service, while jobs of every kind are in their middle."""

import contextlib
import signal
import uuid

import pytest
from support.holding import held_at

LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
FAILED = "SELECT count(*) FROM queue_job WHERE state = 'failed' AND saas_instance_id = ANY (%s)"
END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'manager' AND client_port = ANY (%s)"
)


@pytest.fixture
def name():
    """A function that returns a subdomain that nobody has."""
    return lambda: f"k{uuid.uuid4().hex[:10]}"


def key_of(demo, instance):
    return demo.read(instance, "uuid").replace("-", "")


@contextlib.contextmanager
def held(demo, *instances):
    """Have the locks of tenants: each job that works on one of them waits in its middle."""
    keys = [key_of(demo, instance) for instance in instances]
    with demo.superuser() as cr:
        for key in keys:
            cr.execute(LOCK, [f"saas:{key}"])
        yield cr


def wait_until_held(demo, cr, count):
    def waiting():
        cr.execute(WAITING)
        return cr.fetchone()[0]

    demo.wait_for(waiting, lambda number: number >= count, seconds=60)


def kill(demo, service):
    """Kill all processes of a service, and wait until the supervisor has started it again."""
    before = demo.process(service)
    family = [*before.children(recursive=True), before]
    for process in family:
        with contextlib.suppress(demo.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    demo.wait_for_another(service, before)


def state_of(demo, instance):
    """Return an instance's state, or None while the manager can't answer."""
    with contextlib.suppress(demo.RpcError, OSError):
        return demo.read(instance, "state")


def assert_end(demo, instance, state, seconds=120):
    """Wait for the end of a job, which must be the right one."""
    ends = (state, "failed")
    assert demo.wait_for(lambda: state_of(demo, instance), lambda now: now in ends, seconds, step=0.5) == state


def assert_whole(demo, key, *names):
    """Make sure that what there is of a tenant are these databases and folders, and nothing half made."""
    with demo.superuser() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = %s", [f"saas:{key}"])
        assert sorted(found for (found,) in cr.fetchall()) == sorted(names)
        cr.execute("SELECT datname FROM pg_database WHERE datname = %s", [f"new_{key}"])
        assert not cr.fetchall()
        cr.execute("SELECT db, state FROM saas.tenant WHERE key = %s", [key])
        assert cr.fetchall() == [(found, "active") for found in names]
        cr.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [f"tenant_{key}"])
        assert cr.fetchone() == (len(names),)
    folders = {path.name for path in (demo.tenant_data_dir / "filestore").iterdir()}
    assert set(names) <= folders and not [folder for folder in folders if key in folder]


def test_the_manager(demo, name):
    """A provisioning, a change of address and a deletion at once; all three go on when it is back."""
    former, wanted, going = name(), name(), name()
    moving, leaving, coming = demo.provision(former), demo.provision(going), demo.create(name())
    keys = {instance: key_of(demo, instance) for instance in (moving, leaving, coming)}
    with held(demo, moving, leaving, coming) as cr:
        demo.manager.call("saas.instance", "action_rename", [moving], wanted)
        demo.manager.call("saas.instance", "action_terminate", [leaving], going)
        demo.manager.call("saas.instance", "action_delete_now", [leaving], going)
        demo.manager.call("saas.instance", "action_provision", [coming])
        wait_until_held(demo, cr, 3)
        kill(demo, "manager")
    assert_end(demo, coming, "active")
    assert_end(demo, leaving, "terminated")
    demo.wait_for(lambda: demo.read(moving, "rename_to"), lambda name: not name, seconds=60, step=0.5)
    assert demo.read(moving, "subdomain") == wanted
    assert_whole(demo, keys[coming], demo.read(coming, "subdomain"))
    assert_whole(demo, keys[moving], wanted)
    assert_whole(demo, keys[leaving])
    assert former not in {path.name for path in (demo.tenant_data_dir / "filestore").iterdir()}
    for subdomain in (wanted, demo.read(coming, "subdomain")):
        assert demo.tenant(subdomain).get("/web/login").status_code == 200
    assert demo.read(leaving, "backup_count") == 1
    with demo.superuser("manager") as manager:
        manager.execute(FAILED, [list(keys)])
        assert manager.fetchone() == (0,)


def test_the_tenant_service(demo, name):
    """It hangs while one waits for its first page and one for its new address; a third is suspended meanwhile."""
    former, wanted, going = name(), name(), name()
    moving, leaving, coming = demo.provision(former), demo.provision(going), demo.create(name())
    keys = {instance: key_of(demo, instance) for instance in (moving, leaving, coming)}
    service = demo.process("tenant")
    for process in [service, *service.children(recursive=True)]:
        process.suspend()
    demo.manager.call("saas.instance", "action_provision", [coming])
    demo.manager.call("saas.instance", "action_rename", [moving], wanted)
    demo.manager.call("saas.instance", "action_suspend", [leaving], "Unpaid")
    demo.wait_for(lambda: steps_done(demo, coming), lambda codes: "publish" in codes, seconds=60)
    kill(demo, "tenant")
    assert_end(demo, coming, "active")
    demo.wait_for(lambda: demo.read(moving, "rename_to"), lambda name: not name, seconds=60, step=0.5)
    assert demo.read(moving, "subdomain") == wanted
    assert_whole(demo, keys[coming], demo.read(coming, "subdomain"))
    assert_whole(demo, keys[moving], wanted)
    demo.wait_for(lambda: demo.tenant(going).get("/web/login").status_code, lambda status: status == 503, seconds=30)
    assert "Unpaid" in demo.tenant(going).get("/web/login").text
    demo.manager.call("saas.instance", "action_resume", [leaving])
    demo.wait_for(lambda: demo.tenant(going).get("/web/login").status_code, lambda status: status == 200, seconds=30)


def steps_done(demo, instance):
    steps = demo.manager.call("saas.instance.step", "search_read", [("instance_id", "=", instance)], ["code", "state"])
    return {step["code"] for step in steps if step["state"] == "done"}


def test_a_job_loses_its_connection(demo, name):
    """PostgreSQL is there again at once, so that the failure could be written down: it is not one."""
    instance = demo.create(name())
    with held_at(demo, key_of(demo, instance), "database") as find_worker:
        demo.manager.call("saas.instance", "action_provision", [instance])
        worker = find_worker()
        with demo.superuser() as cr:
            cr.execute(END_SESSIONS, [[each.laddr.port for each in worker.connections("tcp")]])
            assert cr.rowcount
    assert_end(demo, instance, "active")
    with demo.superuser("manager") as cr:
        cr.execute("SELECT max(retry) FROM queue_job WHERE saas_instance_id = %s", [instance])
        assert cr.fetchone()[0] > 1  # it was tried again
    assert_whole(demo, key_of(demo, instance), demo.read(instance, "subdomain"))
