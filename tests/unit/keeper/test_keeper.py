"""The keeper of dedicated runtimes: what it does for each wish of the manager."""

import json
import sys
import threading
import time

import pytest
from saas_engine.errors import ConfigurationError, EngineError
from saas_engine.runtime_wanted import Status, Wanted, write
from support.keeping import CODE, route, status, want

from stack.keeper import kept, pulse, routes
from stack.keeper.kept import Kept


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
