"""How services are started and stopped: as children, or by systemd. The supervisor's way is tried by tests/e2e."""

import sys
import time
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.keeper.children import Children
from stack.keeper.units import Units


class TestUnits:
    """What systemd is asked, by a stand-in for systemctl."""

    @pytest.fixture
    def units(self, tmp_path):
        program = tmp_path / "systemctl"
        answers = f"show) cat {tmp_path}/state;; reset-failed) exit 1;; revert) test ! -e {tmp_path}/broken;;"
        program.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\ncase "$1" in {answers} esac\n')
        program.chmod(0o755)
        made = Units(str(program))
        made.folder = tmp_path
        return made

    def asked(self, units):
        return (units.folder / "asked").read_text().splitlines()

    def test_orders(self, units):
        units.limit("own-1", 2048)
        units.start("own-1", ["ignored"])
        units.forget("own-1")
        assert self.asked(units) == [
            "set-property saas-runtime@own-1.service MemoryMax=2048M",
            "start --no-block saas-runtime@own-1.service",
            "stop saas-runtime@own-1.service",
            "revert saas-runtime@own-1.service",
            "reset-failed saas-runtime@own-1.service",
        ]

    @pytest.mark.parametrize(("state", "is_up"), [("active", True), ("activating", True), ("inactive", False)])
    def test_state(self, units, state, is_up):
        (units.folder / "state").write_text(f"{state}\n")
        assert units.is_up("own-1") is is_up
        assert self.asked(units) == ["show --property=ActiveState --value saas-runtime@own-1.service"]

    def test_a_refusal_is_told(self, units):
        (units.folder / "broken").touch()
        with pytest.raises(StackError, match=r"systemctl revert saas-runtime@own-1\.service"):
            units.forget("own-1")


class TestChildren:
    @pytest.fixture
    def children(self):
        made = Children()
        yield made
        made.stop_all()

    def wait(self, what):
        deadline = time.monotonic() + 10
        while not what():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def test_started_once_and_stopped_with_what_it_started(self, children):
        script = "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
        for _ in range(2):
            children.start("a", [sys.executable, "-c", script])
        child = children._children["a"]
        group = child.pid

        def members():
            found = []
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    except OSError:
                        continue
                    if int(fields[2]) == group and fields[0] != "Z":
                        found.append(int(entry.name))
            return found

        self.wait(lambda: len(members()) == 2)
        assert children.is_up("a")
        children.stop("a")
        assert not children.is_up("a")
        self.wait(lambda: not members())

    def test_what_does_not_last_is_started_ever_slower(self, children, monkeypatch):
        clock = [1000.0]
        monkeypatch.setattr("stack.keeper.children.time.monotonic", lambda: clock[0])
        started = []
        for _ in range(200):
            children.start("a", ["true"])
            child = children._children["a"]
            child.wait()
            if child.pid not in started:
                started.append(child.pid)
            clock[0] += 0.5
        assert 4 <= len(started) <= 9

    def test_it_is_asked_before_it_is_killed(self, children, tmp_path):
        script = (
            "import signal, sys, time\n"
            f"signal.signal(signal.SIGTERM, lambda *_: (open('{tmp_path}/asked', 'w').close(), sys.exit()))\n"
            f"open('{tmp_path}/ready', 'w').close()\n"
            "time.sleep(60)"
        )
        children.start("a", [sys.executable, "-c", script])
        self.wait((tmp_path / "ready").exists)
        children.forget("a")
        assert (tmp_path / "asked").exists()
