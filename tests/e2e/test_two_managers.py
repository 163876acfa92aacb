"""Two manager services on one database: one leads the jobs, the other takes over when it is killed or hangs."""

import contextlib
import os
import signal
import subprocess
import time
import uuid

import psutil
import pytest
import requests
from support import postgres

# queue_job's: whoever holds it hands the jobs out.
LEADER = """
    SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = 2293787760715711918
"""
# Written by a trigger, and so with the transaction of the job itself: a line per end that counts.
COUNT = """
    CREATE TABLE IF NOT EXISTS test_job_end (uuid text, method text);
    CREATE OR REPLACE FUNCTION test_count_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO public.test_job_end VALUES (NEW.uuid, NEW.method_name);
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER test_count_end AFTER UPDATE ON queue_job
        FOR EACH ROW WHEN (OLD.state <> 'done' AND NEW.state = 'done') EXECUTE FUNCTION test_count_end();
"""
FORGET = "DROP TRIGGER test_count_end ON queue_job; DROP FUNCTION test_count_end; DROP TABLE test_job_end"
SECONDS = 30


class Managers:
    """The demo's manager and a second one."""

    def __init__(self, demo, second):
        self.demo, self.second = demo, second

    def leader(self):
        """Return the main process of the manager whose runner leads, or None."""
        with self.demo.superuser("manager") as cr:
            cr.execute(LEADER)
            ports = [port for (port,) in cr.fetchall()]
        assert len(ports) <= 1, "two lead"
        return next((main for main in self.mains() if ports and _has_port(main, ports[0])), None)

    def mains(self):
        return [main for main in (self.demo.process("manager"), psutil.Process(self.second.pid)) if main]

    def other(self, leader):
        [other] = [main for main in self.mains() if main.pid != leader.pid]
        return other

    def wait_for_leader(self, *, other_than=None):
        """Wait for one that leads; return it and how long that took."""
        start = time.monotonic()
        leader = self.demo.wait_for(self.leader, lambda now: now and now != other_than, seconds=60, step=0.1)
        return leader, time.monotonic() - start


def _answers(url):
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _family(main):
    return [main, *main.children(recursive=True)]


def _has_port(main, port):
    with contextlib.suppress(psutil.Error):
        return any(c.laddr and c.laddr.port == port for each in _family(main) for c in each.connections("tcp"))
    return False


@pytest.fixture
def managers(demo, tmp_path):
    """A second manager beside the demo's: the same command at other ports, the same folders and secrets."""
    process = demo.process("manager")
    given = {"--http-port": postgres.free_port(), "--gevent-port": postgres.free_port(), "--workers": 4}
    command = [part for part in process.cmdline() if part.partition("=")[0] not in given]
    command += [f"{name}={value}" for name, value in given.items()]
    # Not the supervisor's marks: a service that it starts again first ends what carries them.
    environment = {name: value for name, value in process.environ().items() if not name.startswith("SUPERVISOR_")}
    with open(tmp_path / "second.log", "wb") as log:
        second = subprocess.Popen(
            command, env=environment, cwd=process.cwd(), stdout=log, stderr=log, start_new_session=True
        )
    health = f"http://127.0.0.1:{given['--http-port']}/web/health"
    try:
        demo.wait_for(lambda: _answers(health), bool, seconds=60, step=0.2)
        yield Managers(demo, second)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(second.pid, signal.SIGCONT)
            os.killpg(second.pid, signal.SIGKILL)
        second.wait()
        print((tmp_path / "second.log").read_text()[-4000:])


@pytest.fixture
def ends(demo):
    """A function that returns how often each job has ended well since the test began: uuid -> number."""
    with demo.superuser("manager") as cr:
        cr.execute(COUNT)

        def count():
            cr.execute("SELECT uuid, count(*) FROM test_job_end GROUP BY uuid")
            return dict(cr.fetchall())

        yield count
        cr.execute(FORGET)


def start(demo, count):
    """Ask for instances; return their ids."""
    made = [demo.create(f"w{uuid.uuid4().hex[:10]}") for _ in range(count)]
    demo.manager.call("saas.instance", "action_provision", made)
    return made


def test_the_leader_is_killed_with_all_its_workers(demo, managers, ends):
    leader, _seconds = managers.wait_for_leader()
    made = start(demo, 5)
    demo.wait_for(lambda: len(ends()), lambda number: number >= 3, seconds=60)
    other = managers.other(leader)
    for process in _family(leader):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    new, seconds = managers.wait_for_leader(other_than=leader)
    assert new == other and seconds < SECONDS
    print(f"taken over {seconds:.1f} s after kill -9")

    def states():
        with demo.superuser("manager") as cr:
            cr.execute("SELECT DISTINCT state FROM saas_instance WHERE id = ANY (%s)", [made])
            return {state for (state,) in cr.fetchall()}

    found = demo.wait_for(states, lambda now: now <= {"active", "failed"}, seconds=90, step=0.5)
    assert found == {"active"}
    numbers = ends()
    assert len(numbers) >= 10 and set(numbers.values()) == {1}, numbers
    with demo.superuser("manager") as cr:
        cr.execute(
            "SELECT count(*) FROM queue_job WHERE state IN ('started', 'enqueued') AND uuid = ANY (%s)", [list(numbers)]
        )
        assert cr.fetchone() == (0,)


def test_the_leader_hangs(demo, managers, ends):
    """It neither works nor ends: its session does. When it wakes up it has lost, and there is one leader still."""
    leader, _seconds = managers.wait_for_leader()
    family, other = _family(leader), managers.other(leader)
    for process in family:
        process.suspend()
    try:
        new, seconds = managers.wait_for_leader(other_than=leader)
        assert new == other and seconds < SECONDS
        print(f"taken over {seconds:.1f} s after it hung")
    finally:
        for process in family:
            process.resume()
    demo.wait_for(lambda: demo.manager.get("/web/health").status_code, lambda code: code == 200, seconds=60, step=0.5)
    [instance] = start(demo, 1)
    assert demo.wait_for_state(instance, "active", "failed", seconds=90) == "active"
    assert managers.leader() == new
    assert set(ends().values()) == {1}
