"""Where a dedicated runtime lies, who may read what of it, and how its process becomes somebody else."""

import json
import os
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest
from saas_engine.errors import EngineError

from stack.keeper import enter, places

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")


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
