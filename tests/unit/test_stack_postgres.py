"""Where the data of a run's PostgreSQL lie when root starts it."""

import os
import pwd

import pytest

from stack import postgres
from stack.paths import Paths


@pytest.fixture
def paths(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "SHARED", tmp_path / "shared")
    monkeypatch.setattr(postgres, "unprivileged_account", lambda: pwd.getpwuid(os.getuid()))
    monkeypatch.setattr(postgres.os, "getuid", lambda: 0)
    made = Paths(tmp_path, tmp_path / "run", tmp_path / "cache")
    made.run.mkdir()
    return made


def test_the_same_again(paths):
    home, _account = postgres._home(paths)
    (home / "data").mkdir()
    assert postgres._home(paths)[0] == home
    assert (home / "data").exists()


def test_data_without_their_passwords_are_set_aside(paths):
    """The run's folder was deleted by hand: the old cluster can't be opened any more, and is not lost either."""
    home, _account = postgres._home(paths)
    (home / "data").mkdir()
    (paths.run / "postgres").unlink()
    new, _account = postgres._home(paths)
    assert new == home and not (home / "data").exists()
    [aside] = [folder for folder in home.parent.iterdir() if folder != home]
    assert (aside / "data").exists()
