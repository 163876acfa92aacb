"""Programs that the engine runs: their output, their end, and what they may know."""

import os
import sys
import time

import pytest
from saas_engine import processes


def run(script, lines=None, timeout=20, text="", environment=None):
    log = (lambda line: None) if lines is None else lines.append
    processes.run([sys.executable, "-c", script], environment or {}, log, timeout, text)


def test_output_and_input():
    lines = []
    run("import sys; print(sys.stdin.read().upper()); print('bad', file=sys.stderr)", lines, text="fed")
    assert sorted(lines) == ["FED", "bad"]


def test_failure_tells_the_last_lines():
    with pytest.raises(processes.ProcessError, match=r"(?s)ended with code 3.*line 99") as failure:
        run("import sys\nfor n in range(100): print('line', n)\nsys.exit(3)")
    assert "line 5\n" not in str(failure.value)


def test_the_whole_group_is_killed():
    spawn = "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    script = f"import subprocess, sys; {spawn}; print(p.pid, flush=True); p.wait()"
    lines = []
    started = time.monotonic()
    with pytest.raises(processes.ProcessError, match="took longer than 1 s"):
        run(script, lines, timeout=1)
    assert time.monotonic() - started < 10
    deadline = time.monotonic() + 5
    while _alive(int(lines[0])):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_secrets_stay_here(monkeypatch):
    monkeypatch.setitem(os.environ, "SAAS_MASTER_SECRET", "x" * 40)
    lines = []
    run("import os; print(sorted(os.environ))", lines, environment={"SAAS_RUNTIME": "shared"})
    assert "SAAS_RUNTIME" in lines[0] and "SAAS_MASTER_SECRET" not in lines[0]


def test_a_program_that_reads_nothing():
    run("pass", text="x" * 1_000_000)
