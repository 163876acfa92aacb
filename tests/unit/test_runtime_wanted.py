"""What the manager wants of a dedicated runtime: values, each checked, and no command among them."""

import json
import os

import pytest
from saas_engine.errors import ConfigurationError, InvalidNameError
from saas_engine.runtime_wanted import Status, Wanted, secret_line, write


def test_it_is_read_as_it_was_written(tmp_path):
    wanted = Wanted("own-1", "stopped", True, 4, 1024, {"acme.example.com": None, "old.example.com": 12.5}, 3, 7)
    wanted.save(tmp_path)
    assert Wanted.load(tmp_path) == wanted
    assert os.stat(tmp_path / "wanted.json").st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["wanted.json"]


def test_nothing_is_wanted_yet(tmp_path):
    assert Wanted.load(tmp_path) is None
    assert Status.load(tmp_path) == Status("starting")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "rebooted"},
        {"workers": 0},
        {"workers": 33},
        {"workers": "2; rm -rf /"},
        {"workers": True},
        {"memory_mb": 1},
        {"memory_mb": 10**9},
        {"own_code": "yes"},
        {"revision": -1},
        {"restarts": 1.5},
        {"hosts": ["acme.example.com"]},
        {"hosts": {"a`) || PathPrefix(`/": None}},
        {"hosts": {"UPPER.example.com": None}},
        {"hosts": {"acme.example.com:80": None}},
        {"hosts": {"acme.example.com": "tomorrow"}},
        {"command": ["/bin/sh"]},
        {"environment": {"LD_PRELOAD": "x"}},
    ],
)
def test_anything_else_is_refused(tmp_path, changes):
    (tmp_path / "wanted.json").write_text(json.dumps({"code": "own-1", **changes}))
    with pytest.raises(ConfigurationError):
        Wanted.load(tmp_path)


@pytest.mark.parametrize("code", ["", "../shared", "Own", "_addons", "a" * 41])
def test_a_code_is_a_folders_name(code):
    with pytest.raises(InvalidNameError):
        Wanted(code)


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_file_that_is_broken(tmp_path, text):
    (tmp_path / "wanted.json").write_text(text, encoding="latin-1")
    with pytest.raises(ConfigurationError, match=r"wanted\.json"):
        Wanted.load(tmp_path)


def test_a_secret_is_one_line_and_is_not_told(tmp_path):
    path = tmp_path / "secret"
    path.write_text("a-secret-of-sixteen-characters\n")
    assert secret_line(path) == "a-secret-of-sixteen-characters"
    for text in ("", "short", "first-line-that-is-long-enough\nsecond-line"):
        path.write_text(text)
        with pytest.raises(ConfigurationError) as refused:
            secret_line(path)
        assert "second-line" not in str(refused.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for somebody else")
def test_what_the_keeper_writes_is_the_managers(tmp_path):
    os.chown(tmp_path, 12345, 12346)
    write(tmp_path / "status.json", "{}")
    found = os.stat(tmp_path / "status.json")
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12346, 0o600)
