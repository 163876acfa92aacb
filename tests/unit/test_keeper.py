"""The keeper of dedicated runtimes: what it does for each wish, where things lie, who may read them."""

import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from saas_engine.errors import ConfigurationError, EngineError
from saas_engine.runtime_wanted import Status, Wanted, write

from stack import proxy_limits
from stack.errors import StackError
from stack.keeper import enter, kept, places, pulse, routes
from stack.keeper.children import Children
from stack.keeper.keeper import Keeper
from stack.keeper.kept import Kept
from stack.keeper.units import Units
from stack.odoo_source import OdooSource
from stack.paths import Paths
from stack.secret_files import SecretFiles
from stack.services import Stack

ROOT = Path(__file__).resolve().parents[2]
CODE = "own-1"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")


class FakePrograms:
    """Starts nothing, and remembers what it was asked for."""

    def __init__(self):
        self.asked, self.up = [], set()

    def start(self, code, command):
        self.asked.append("start")
        self.up.add(code)

    def stop(self, code):
        self.asked.append("stop")
        self.up.discard(code)

    def forget(self, code):
        self.asked.append("forget")
        self.up.discard(code)

    def limit(self, code, memory_mb):
        self.asked.append(f"limit {memory_mb}")

    def is_up(self, code):
        return code in self.up

    def last_words(self, code):
        return "no such database"


@pytest.fixture
def stack(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    paths = Paths(ROOT, run, tmp_path)
    (paths.traefik / "routes").mkdir(parents=True)
    paths.dedicated.mkdir()
    paths.dedicated_private.mkdir()
    cluster = SimpleNamespace(host="127.0.0.1", port=5432, program=None, binaries=None)
    ports = dict.fromkeys(("public", "manager", "manager_gevent", "tenant", "tenant_gevent", "smtp", "mail"), 1)
    secrets = SecretFiles(run, ROOT / "addons" / "saas_manager")
    return Stack(
        paths, ports, OdooSource(tmp_path, "18.0", ""), cluster, secrets, Path(sys.executable), tmp_path, tmp_path, ()
    )


@pytest.fixture
def keeper(stack):
    return Keeper(stack, FakePrograms(), stack.paths.traefik, proxy_limits.DEMO, separate=False)


@pytest.fixture
def answering(monkeypatch):
    """Whether services answer; they do."""
    answers = {"now": True}
    monkeypatch.setattr(places, "is_free", lambda slot: True)
    monkeypatch.setattr(kept, "answers", lambda port: answers["now"])
    return answers


@pytest.fixture
def one(keeper, answering):
    """A runtime that is wanted and runs."""
    folder = keeper.folder / CODE
    folder.mkdir(mode=0o700)
    write(folder / "secret", "s" * 40)
    write(folder / "pgpass", f"*:*:*:saas_gateway_{CODE}:{'p' * 40}\n")
    want(keeper, hosts={"acme.example.com": None})
    made = Kept(keeper, CODE)
    assert made.step()
    return made


def want(keeper, **changes):
    folder = keeper.folder / CODE
    before = Wanted.load(folder) or Wanted(CODE)
    values = {**json.loads(json.dumps(vars(before))), **changes, "revision": before.revision + 1}
    Wanted(**values).save(folder)


def status(keeper):
    return Status.load(keeper.folder / CODE)


def route(keeper):
    path = routes.file(keeper.traefik, CODE)
    return path.read_text() if path.exists() else None


def test_one_that_is_wanted_runs(keeper, one):
    assert keeper.programs.asked == ["stop", "limit 2048", "start"]
    assert (status(keeper).state, status(keeper).revision, status(keeper).slot) == ("running", 1, 0)
    start = json.loads(one.place.start_file.read_text())
    assert start["command"][0] == sys.executable
    assert f"--db_user=saas_gateway_{CODE}" in start["command"]
    assert {"--http-port=8300", "--gevent-port=8301", "--workers=2", "--max-cron-threads=1"} <= set(start["command"])
    assert "SAAS_OWN_CODE" not in start["environment"]
    assert start["environment"]["SAAS_RUNTIME"] == CODE
    assert "s" * 40 not in one.place.start_file.read_text(), "secrets are in files"
    runtime = json.loads((keeper.folder / CODE / "runtime.json").read_text())
    assert (runtime["code"], runtime["url"]) == (CODE, "http://127.0.0.1:8300")
    assert "Host(`acme.example.com`)" in route(keeper) and ":8300" in route(keeper) and ":8301" in route(keeper)


def test_hosts_change_without_a_restart(keeper, one):
    keeper.programs.asked.clear()
    want(keeper, hosts={"new.example.com": None, "old.example.com": time.time() + 60, "gone.example.com": 1})
    one.step()
    assert keeper.programs.asked == []
    assert "new.example.com" in route(keeper) and "old.example.com" in route(keeper)
    assert "gone.example.com" not in route(keeper) and "acme.example.com" not in route(keeper)
    want(keeper, hosts={})
    one.step()
    assert route(keeper) is None


def test_new_secrets_reach_it_without_a_restart(keeper, one):
    keeper.programs.asked.clear()
    write(keeper.folder / CODE / "secret_previous", "s" * 40)
    write(keeper.folder / CODE / "secret", "n" * 40)
    want(keeper)
    one.step()
    assert keeper.programs.asked == []
    assert (one.place.private / "secret").read_text() == "n" * 40
    assert (one.place.private / "secret_previous").read_text() == "s" * 40
    (keeper.folder / CODE / "secret_previous").unlink()
    want(keeper)
    one.step()
    assert not (one.place.private / "secret_previous").exists()


@pytest.mark.parametrize("changes", [{"workers": 3}, {"own_code": True}, {"memory_mb": 4096}, {"restarts": 1}])
def test_what_takes_a_restart(keeper, one, changes):
    keeper.programs.asked.clear()
    want(keeper, **changes)
    one.step()
    assert keeper.programs.asked[0] == "stop" and keeper.programs.asked[-1] == "start"
    assert status(keeper).restarts == changes.get("restarts", 0)
    keeper.programs.asked.clear()
    want(keeper)
    one.step()
    assert keeper.programs.asked == [], "once"


def test_another_keeper_finds_it_as_it_is(keeper, one):
    keeper.programs.asked.clear()
    assert Kept(keeper, CODE).step()
    assert keeper.programs.asked == []


def test_stopped_and_started(keeper, one):
    want(keeper, state="stopped")
    one.step()
    one.step()
    assert (status(keeper).state, keeper.programs.up) == ("stopped", set())
    want(keeper, state="running")
    one.step()
    assert (status(keeper).state, keeper.programs.up) == ("running", {CODE})


def test_one_that_ended_is_started_again(keeper, one, answering, monkeypatch):
    monkeypatch.setattr(kept, "LOOK_SECONDS", 0)
    keeper.programs.up.clear()
    answering["now"] = False
    one.step()
    assert keeper.programs.up == {CODE}


def test_one_that_does_not_answer_has_failed_and_says_why(keeper, one, answering, monkeypatch):
    monkeypatch.setattr(kept, "LOOK_SECONDS", 0)
    answering["now"] = False
    for _ in range(kept.PATIENCE):
        one.step()
    assert status(keeper).state == "running", "it is given some time"
    one.step()
    assert (status(keeper).state, status(keeper).reason) == ("failed", "no such database")
    answering["now"] = True
    one.step()
    assert (status(keeper).state, status(keeper).reason) == ("running", "")


def test_removed_it_leaves_nothing(keeper, one):
    folder = one.place.data / "filestore" / "acme"
    folder.mkdir()
    want(keeper, state="removed", hosts={})
    with pytest.raises(EngineError, match="acme"):
        one.step()
    assert folder.exists() and CODE in keeper.programs.up, "a tenant's files are nobody's to remove"
    folder.rmdir()
    assert one.step() is False
    assert keeper.programs.asked[-1] == "forget" and route(keeper) is None
    left = [one.place.data, one.place.private, one.place.start_file, one.place.folder]
    assert not [path for path in left if path.exists()]


def test_a_wish_that_is_none_fails_aloud(keeper, one):
    (keeper.folder / CODE / "wanted.json").write_text('{"code": "own-2", "revision": 9}')
    with pytest.raises(ConfigurationError, match="for another service"):
        one.step()
    one.fail("for another service")
    assert (status(keeper).state, status(keeper).revision) == ("failed", 9), "whoever waits is told"
    (keeper.folder / CODE / "wanted.json").write_text("{")
    with pytest.raises(ConfigurationError):
        one.step()
    one.fail("broken")
    assert status(keeper).reason == "broken"


def test_no_start_without_secrets(keeper, answering):
    (keeper.folder / CODE).mkdir()
    want(keeper)
    with pytest.raises(ConfigurationError, match="secret"):
        Kept(keeper, CODE).step()
    assert "start" not in keeper.programs.asked


def test_all_of_them_are_kept(keeper, one, answering):
    ended = threading.Event()
    for code in ("own-2", "own-3"):
        folder = keeper.folder / code
        folder.mkdir()
        write(folder / "secret", "s" * 40)
        write(folder / "pgpass", "p" * 40)
        Wanted(code, revision=1).save(folder)
    (keeper.folder / "_no-code").mkdir()
    routes.file(keeper.traefik, "own-9").write_text("left behind")
    thread = threading.Thread(target=keeper.run, kwargs={"forever": lambda: not ended.is_set()})
    thread.start()
    deadline = time.monotonic() + 10
    while len({Status.load(keeper.folder / code).slot for code in keeper.codes()} - {-1}) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    ended.set()
    thread.join()
    assert sorted(keeper.codes()) == ["own-1", "own-2", "own-3"]
    assert not routes.file(keeper.traefik, "own-9").exists()
    assert pulse.is_fresh(keeper.stack.paths.run)
    assert not pulse.is_fresh(keeper.stack.paths.run, time.time() + 60)


class TestPlaces:
    @AS_ROOT
    def test_behind_the_gate_both_work_and_nobody_else_gets_there(self, keeper, one, tmp_path):
        slot = places.Slot(0, 30000, 30000)
        os.chown(one.place.folder, 12345, 12346)
        places.prepare(one.place, slot, os.stat(one.place.folder))
        gate = os.stat(one.place.data)
        assert (gate.st_uid, gate.st_gid, stat.S_IMODE(gate.st_mode)) == (12345, 30000, 0o1770)
        for name in places.COMMON:
            found = os.stat(one.place.data / name)
            assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (12345, 0o777), "not the runtime's to replace"
        places.write_private(one.place, slot, {"secret": "x"})
        for path in (one.place.private, one.place.private / "secret"):
            assert os.stat(path).st_uid == 30000 and not os.stat(path).st_mode & 0o077
        assert os.stat(one.place.start_file).st_uid == 0, "it must not choose what root starts"

    @AS_ROOT
    def test_what_it_has_written_follows_it_to_another_number(self, keeper, one, tmp_path):
        victim = tmp_path / "victim"
        victim.write_text("mine")
        session = one.place.data / "sessions" / "key" / "ab" / "session"
        session.parent.mkdir(parents=True)
        session.write_text("x")
        (one.place.data / "sessions" / "trap").symlink_to(victim)
        places.prepare(one.place, places.Slot(1, 30001, 30001), os.stat(one.place.folder))
        assert os.stat(session).st_uid == 30001
        assert os.stat(victim).st_uid == 0, "a link leads nowhere"

    def test_a_port_that_is_taken_is_passed_over(self, keeper, monkeypatch):
        monkeypatch.setattr(places, "is_free", lambda slot: slot.number > 2)
        with keeper.free_slot() as number:
            assert number == 3

    def test_no_place_left(self, keeper, monkeypatch):
        monkeypatch.setattr(places, "is_free", lambda slot: False)
        with pytest.raises(EngineError, match="All 200 places"), keeper.free_slot():
            pytest.fail("there was one")


class TestEnter:
    def test_which_folder_is_closed(self, monkeypatch):
        modes = {"/srv": 0o755, "/srv/home": 0o700, "/srv/home/open": 0o755, "/srv/open": 0o711}
        monkeypatch.setattr(enter.os, "stat", lambda path: SimpleNamespace(st_mode=modes[path]))
        found = [enter.closed_folder(path) for path in ("/srv/home/open/file", "/srv/home", "/srv/open/file")]
        monkeypatch.undo()
        assert found == ["/srv/home", None, None]

    @pytest.mark.skipif(not enter.can_separate(), reason="the kernel gives no views of the files here")
    def test_it_becomes_somebody_else_who_sees_little(self, tmp_path):
        closed = tmp_path / "closed"
        (closed / "shown").mkdir(parents=True)
        (closed / "shown" / "file").write_text("shown")
        (closed / "secret").write_text("hidden")
        closed.chmod(0o700)
        script = (
            "import os, sys\n"
            "print(os.getuid(), os.getgid(), os.getgroups())\n"
            "print(open(sys.argv[1] + '/shown/file').read(), os.path.exists(sys.argv[1] + '/secret'))\n"
            "status = dict(line.split(None, 1) for line in open('/proc/self/status') if len(line.split()) > 1)\n"
            "print(status['CapEff:'].strip(), status['NoNewPrivs:'].strip())\n"
        )
        start = {
            "command": ["/usr/bin/python3", "-I", "-c", script, str(closed)],
            "environment": {"PATH": os.defpath},
            "directory": "/",
            "separate": True,
            "uid": 30000,
            "gid": 30000,
            "shown": [str(closed / "shown")],
        }
        (tmp_path / "start.json").write_text(json.dumps(start))
        command = [sys.executable, "-I", enter.__file__, str(tmp_path / "start.json")]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        assert output[0] == "30000 30000 []"
        assert output[1] == "shown False"
        assert output[2] == "0000000000000000 1"


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
