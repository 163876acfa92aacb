"""Folders and files of a run."""

import stat

import pytest

from stack import paths
from stack.errors import StackError
from stack.paths import Paths
from stack.secret_files import NAMES, SecretFiles
from stack.state import State


@pytest.fixture
def run(tmp_path):
    made = Paths.from_environment({"SAAS_RUN_DIR": str(tmp_path / "a run"), "SAAS_CACHE_DIR": str(tmp_path / "cache")})
    made.create()
    return made


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_run_is_below_the_checkout_unless_told():
    assert Paths.from_environment({}).run == paths.ROOT / ".run"
    assert Paths.from_environment({"SAAS_RUN_DIR": ".run-x"}).run == paths.ROOT / ".run-x"


def test_two_runs_differ():
    codes = {Paths.from_environment({"SAAS_RUN_DIR": name}).code for name in (".run", ".run-x")}
    assert len(codes) == 2


def test_folders_are_closed_to_others(run):
    assert mode(run.run) == mode(run.secrets) == mode(run.sockets) == 0o700


def test_a_long_path_gets_its_sockets_elsewhere(tmp_path):
    long = Paths.from_environment({"SAAS_RUN_DIR": str(tmp_path / ("x" * 100))})
    assert len(str(long.sockets)) < paths.LONGEST_SOCKET_FOLDER
    assert long.code in long.sockets.name


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(paths.os, "getuid", lambda: owner + 1)
    with pytest.raises(StackError, match="another user"):
        paths.private_folder(tmp_path)


def test_a_file_is_replaced_as_a_whole(tmp_path):
    file = tmp_path / "file"
    paths.write_atomically(file, "one")
    paths.write_atomically(file, "two")
    assert file.read_text() == "two"
    assert mode(file) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_secrets_are_made_once(run):
    secrets = SecretFiles(run.secrets, run.addons / "saas_manager")
    secrets.create()
    first = {name: secrets.read(name) for name in (*NAMES, "runtime")}
    secrets.create()
    assert {name: secrets.read(name) for name in first} == first
    assert len(set(first.values())) == len(first)
    assert all(mode(secrets.path(name)) == 0o600 for name in first)
    assert len(first["master"]) >= 32


def test_the_state_is_remembered(tmp_path):
    State(tmp_path / "state.json").set(ports={"public": 8080})
    assert State(tmp_path / "state.json").get("ports") == {"public": 8080}
