"""The files of the secrets: made once, replaced without losing the ones before, whatever is killed."""

from pathlib import Path

import pytest
from saas_engine import naming

from stack import secret_files
from stack.secret_files import ROTATED, SecretFiles

ADDON = Path(__file__).parents[2] / "addons" / "saas_manager"
WRITES = 8  # of a whole replacement: two for each login, four for the master secret and what derives from it


class Killed(Exception):
    pass


@pytest.fixture(params=[False, True], ids=["replaced", "in-place"])
def files(request, tmp_path):
    made = SecretFiles(tmp_path, ADDON, mode=0o444 if request.param else 0o600, in_place=request.param)
    made.create()
    return made


def derived(master):
    return naming.runtime_secret(master.encode(), secret_files.RUNTIME)


def test_at_first_there_is_nothing_before(files):
    assert {files.previous(name) for name in (*ROTATED, "runtime")} == {""}
    assert files.read("runtime") == derived(files.read("master"))
    before = {name: files.read(name) for name in secret_files.NAMES}
    files.create()
    assert {name: files.read(name) for name in secret_files.NAMES} == before


def test_what_was_is_kept_until_the_end(files):
    before = {name: files.read(name) for name in (*ROTATED, "runtime", "postgres", "administrator")}
    files.begin_rotation()
    for name in (*ROTATED, "runtime"):
        assert files.previous(name) == before[name]
        assert len(files.read(name)) >= 32 and files.read(name) != before[name]
        assert files.path(name).stat().st_mode & 0o777 == files.mode
    assert files.read("runtime") == derived(files.read("master"))
    assert [files.read(name) for name in ("postgres", "administrator")] == [before["postgres"], before["administrator"]]
    now = {name: files.read(name) for name in ROTATED}
    files.begin_rotation()
    files.create()
    assert {name: files.read(name) for name in ROTATED} == now, "one at a time"
    files.finish_rotation()
    assert {files.previous(name) for name in (*ROTATED, "runtime")} == {""}
    assert {name: files.read(name) for name in ROTATED} == now


@pytest.mark.parametrize("writes", range(WRITES))
def test_killed_anywhere(files, monkeypatch, writes):
    before = {name: files.read(name) for name in (*ROTATED, "runtime")}
    left, write = [writes], SecretFiles.write

    def write_until_killed(self, name, value):
        if not left[0]:
            raise Killed
        left[0] -= 1
        return write(self, name, value)

    with monkeypatch.context() as patched:
        patched.setattr(SecretFiles, "write", write_until_killed)
        with pytest.raises(Killed):
            files.begin_rotation()
    for name in before:
        assert before[name] in (files.read(name), files.previous(name)), "nobody is locked out meanwhile"
    files.begin_rotation()
    for name in before:
        assert files.previous(name) == before[name]
        assert files.read(name) != before[name]
    assert files.read("runtime") == derived(files.read("master"))


def test_in_place_keeps_the_file_that_a_container_has_mounted(tmp_path):
    files = SecretFiles(tmp_path, ADDON, mode=0o444, in_place=True)
    files.create()
    numbers = {name: files.path(name).stat().st_ino for name in (*ROTATED, *secret_files.PREDECESSORS)}
    files.begin_rotation()
    files.finish_rotation()
    assert {name: files.path(name).stat().st_ino for name in numbers} == numbers


def test_password_files_of_both(files):
    class Cluster:
        host, port = "db.example", 5432

    before = files.read("saas_gateway")
    files.begin_rotation()
    files.write_pgpass(Cluster)
    assert files.path("saas_gateway.pgpass_previous").read_text() == f"db.example:5432:*:saas_gateway:{before}\n"
    assert files.path("saas_gateway.pgpass").read_text().endswith(f":{files.read('saas_gateway')}\n")
    files.finish_rotation()
    files.write_pgpass(Cluster)
    assert not files.path("saas_gateway.pgpass_previous").exists()
