"""runtime.json: read, checked, and the paths and passwords that come from it."""

import json
from pathlib import Path

import pytest
from saas_engine.errors import ConfigurationError, InvalidNameError
from saas_engine.runtime import Runtime

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())
COMPLETE = {
    "code": "shared",
    "release": "18.0",
    "url": "http://127.0.0.1:8169/",
    "data_dir": "/srv/data",
    "command": ["/venv/bin/python", "/odoo/odoo-bin", "-c", "/odoo.conf"],
    "environment": {"SAAS_RUNTIME": "shared"},
}


@pytest.fixture
def load(tmp_path):
    def write_and_load(content, code="shared"):
        folder = tmp_path / "shared"
        folder.mkdir(exist_ok=True)
        (folder / "runtime.json").write_text(content if isinstance(content, str) else json.dumps(content))
        return Runtime.load(tmp_path, code)

    return write_and_load


def test_load(load):
    runtime = load(COMPLETE)
    assert (runtime.code, runtime.release, runtime.url) == ("shared", "18.0", "http://127.0.0.1:8169")
    assert runtime.filestore("acme") == Path("/srv/data/filestore/acme")
    assert runtime.environment == {"SAAS_RUNTIME": "shared"}


def test_what_it_does_not_know_is_ignored(load):
    assert load({**COMPLETE, "comment": "ours"}) == load(COMPLETE)


@pytest.mark.parametrize("name", list(COMPLETE))
@pytest.mark.parametrize("value", [None, 7, ""])
def test_missing_or_wrong(load, name, value):
    content = {key: item for key, item in COMPLETE.items() if key != name}
    if value is not None:
        content[name] = value
    with pytest.raises(ConfigurationError, match=name):
        load(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "does not hold an object"),
        ({**COMPLETE, "code": "other"}, "its folder's name"),
        ({**COMPLETE, "data_dir": "data"}, "absolute"),
        ({**COMPLETE, "command": ["odoo-bin", 7]}, "consist of strings"),
        ({**COMPLETE, "environment": {"A": 1}}, "consist of strings"),
        ({**COMPLETE, "service": [8]}, "consist of strings"),
        ({**COMPLETE, "service": "--workers=3"}, "'service' is of a wrong type"),
    ],
)
def test_wrong_file(load, content, message):
    with pytest.raises(ConfigurationError, match=message):
        load(content)


def test_options_of_the_service(load):
    started = {"command": ["odoo-bin", "--db_maxconn=8", "--limit-memory-soft=70"], "service": ["--workers=3"]}
    runtime = load({**COMPLETE, **started})
    wanted = ("workers", "db_maxconn", "limit_memory_soft", "max_cron_threads")
    assert [runtime.option(name) for name in wanted] == [3, 8, 70, None]
    assert load(COMPLETE).option("workers") is None


def test_no_file(tmp_path):
    with pytest.raises(ConfigurationError, match=r"shared/runtime\.json cannot be read"):
        Runtime.load(tmp_path, "shared")


@pytest.mark.parametrize("code", ["..", "../shared", "", "/etc", "Shared", "a" * 41])
def test_codes_are_checked(load, code):
    with pytest.raises(InvalidNameError):
        load(COMPLETE, code)


@pytest.mark.parametrize("name", ["..", "../x", "/etc", "", "a/b", "."])
def test_filestore_stays_inside(load, name):
    with pytest.raises(InvalidNameError):
        load(COMPLETE).filestore(name)


def test_tenant_password(load):
    password = load(COMPLETE).tenant_password(VECTORS["master"].encode(), VECTORS["key"])
    assert password == VECTORS["role_password"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python", "/o/odoo-bin", "-c", "x"], ["python", "/o/odoo-bin", "shell", "-c", "x"]),
        (["/usr/bin/odoo", "--load=web"], ["/usr/bin/odoo", "shell", "--load=web"]),
    ],
)
def test_subcommand(load, command, expected):
    assert load({**COMPLETE, "command": command}).subcommand("shell") == expected


def test_subcommand_without_odoo(load):
    with pytest.raises(ConfigurationError, match="no odoo-bin"):
        load({**COMPLETE, "command": ["python", "-m", "server"]}).subcommand("shell")


@pytest.mark.parametrize(
    ("folders", "missing"),
    [(("core", "ours"), ["unknown"]), (("core",), ["saas_tenant", "unknown"]), (("ours",), []), ((), [])],
    ids=["all", "some", "base is named elsewhere", "none"],
)
def test_missing_addons(tmp_path, folders, missing):
    for addon in ("core/base", "core/web", "ours/saas_tenant", "core/unknown"):
        (tmp_path / addon).mkdir(parents=True)
        if not addon.endswith("unknown"):  # a folder without a manifest is none
            (tmp_path / addon / "__manifest__.py").touch()
    path = [f"--addons-path={','.join(str(tmp_path / name) for name in folders)}"] if folders else []
    runtime = Runtime("shared", "18.0", "http://x", Path("/data"), ["odoo-bin", *path], {})
    assert runtime.missing_addons(["web", "saas_tenant", "unknown"]) == missing
