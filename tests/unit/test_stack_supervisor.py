"""supervisord's configuration, leftovers of killed programs, and the listener of its events."""

import configparser
import io
import json
import os
import subprocess
import sys
import time
from xmlrpc.client import Fault

import pytest

from stack import demo_file, launch, supervisor
from stack.paths import Paths
from stack.supervisor_config import Program, configuration


@pytest.fixture
def run(tmp_path):
    return Paths.from_environment({"SAAS_RUN_DIR": str(tmp_path / "a run")})


def parsed(run, *programs):
    text = configuration(run, run.sockets / "supervisor", programs, Program("listener", ["/bin/listen"]))
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser


def test_spaces_and_percent_signs_survive(run):
    program = Program("odoo", ["/bin/my odoo", "--db-filter=^%d$"], {"NAME": "50%"})
    section = parsed(run, program)["program:odoo"]
    assert section["command"].endswith("'/bin/my odoo' '--db-filter=^%%d$'")
    assert section["environment"] == 'NAME="50%%"'


def test_a_program_is_kept_running_and_ends_in_order(run):
    section = parsed(run, Program("postgres", ["/bin/postgres"], stop_signal="INT", stop_seconds=60))[
        "program:postgres"
    ]
    assert section["autorestart"] == "true"
    assert section["stopsignal"] == "INT"
    assert section["stopwaitsecs"] == "60"
    assert section["killasgroup"] == "true"


def test_what_others_need_stops_last(run):
    parser = parsed(run, Program("postgres", ["/bin/x"]), Program("manager", ["/bin/x"]))
    assert parser.getint("program:postgres", "priority") < parser.getint("program:manager", "priority")


def start_sleeper(**environment):
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env={**os.environ, **environment})


def test_only_leftovers_with_all_marks_are_ended():
    left = start_sleeper(SAAS_TEST_RUN="here", SAAS_TEST_NAME="manager")
    other = start_sleeper(SAAS_TEST_RUN="elsewhere", SAAS_TEST_NAME="manager")
    try:
        time.sleep(0.3)
        # Collected at once, as init does with orphans: a zombie has no environment any more.
        launch.end_leftovers({b"SAAS_TEST_RUN=here", b"SAAS_TEST_NAME=manager"})
        assert left.wait(5) == -9
        assert other.poll() is None
    finally:
        left.kill()
        other.kill()
        other.wait()


def test_the_demo_file_learns_of_a_restart(tmp_path):
    path = tmp_path / "demo.json"
    path.write_text(json.dumps({"odoo": "18.0", "processes": {"manager": 1}}))
    payload = "processname:manager groupname:manager from_state:EXITED tries:0"
    events = io.StringIO(f"ver:3.0 eventname:PROCESS_STATE_STARTING len:{len(payload)}\n{payload}")
    answers = io.StringIO()
    demo_file.listen(path, lambda: {"manager": 42}, events, answers)
    assert json.loads(path.read_text()) == {"odoo": "18.0", "processes": {"manager": 42}}
    assert answers.getvalue() == "READY\nRESULT 2\nOKREADY\n"


def test_a_restart_before_the_first_start_has_ended_writes_nothing(tmp_path):
    demo_file.note_processes(tmp_path / "demo.json", {"manager": 42})
    assert not (tmp_path / "demo.json").exists()


def test_a_supervisor_on_its_way_out_is_waited_for(run, monkeypatch):
    answers = [Fault(supervisor.SHUTTING_DOWN, "SHUTDOWN_STATE"), Fault(supervisor.SHUTTING_DOWN, "SHUTDOWN_STATE")]
    seen = []

    class Rpc:
        def getState(self):
            seen.append(1)
            raise answers.pop() if answers else ConnectionRefusedError()

    monkeypatch.setattr(supervisor.Supervisor, "rpc", Rpc())
    assert not supervisor.Supervisor(run, "supervisord").is_running()
    assert len(seen) == 3
