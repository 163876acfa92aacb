"""The commands of docs/install.md, "New secrets", on the files of an installation: what each service knows then."""

import pytest

from stack.paths import ROOT
from stack.production import start
from stack.secret_files import ROTATED, SecretFiles

VARIABLES = {
    "master": "SAAS_MASTER_SECRET_FILE",
    "runtime": "SAAS_RUNTIME_SECRET_FILE",
    "saas_manager": "SAAS_PG_MANAGER_PASSWORD_FILE",
    "saas_gateway": "SAAS_PG_GATEWAY_PASSWORD_FILE",
    "administrator": "SAAS_ADMIN_PASSWORD_FILE",
}


@pytest.fixture
def folder(tmp_path):
    """The folder secrets/ that `make secrets` has written."""
    (tmp_path / "secrets").mkdir()
    files = SecretFiles(tmp_path / "secrets", ROOT / "addons" / "saas_manager", 0o444, in_place=True)
    files.create()
    return files


@pytest.fixture
def environ(tmp_path, folder):
    """What compose and systemd give both services, each its own run folder."""
    release = tmp_path / "odoo" / "odoo" / "release.py"
    release.parent.mkdir(parents=True)
    release.write_text("version_info = (18, 0, 0, 'final', 0, '')\n")
    (tmp_path / "odoo" / "odoo-bin").touch()
    return lambda service: {
        "SAAS_BASE_DOMAIN": "example.test",
        "ODOO_HOME": str(tmp_path / "odoo"),
        "SAAS_RUN_DIR": str(tmp_path / f"run-{service}"),
        "SAAS_DATA_DIR": str(tmp_path / "data"),
        **{variable: str(folder.path(name)) for name, variable in VARIABLES.items()},
    }


@pytest.fixture
def known(tmp_path):
    """What a service reads while it runs: the files of its run folder."""

    def read(service, name):
        path = tmp_path / f"run-{service}" / "secrets" / name
        return path.read_text().strip() if path.exists() else ""

    return read


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """What the engine's command was told: it needs PostgreSQL, and is tried in tests/security."""
    calls = []

    def run(command, environment, what):
        calls.append((command[1:], environment))
        return "rotation: 2 of 2 tenants have the new password\n"

    monkeypatch.setattr(start.rotation, "run", run)
    return calls


def refresh(environ):
    start.refresh_tenant(environ("tenant"))
    start.refresh_manager(environ("manager"))


def test_both_services_know_both_until_the_end(folder, environ, known):
    refresh(environ)
    before = {name: folder.read(name) for name in (*ROTATED, "runtime")}
    assert known("tenant", "runtime") == known("manager", "runtime") == before["runtime"]
    assert not known("tenant", "runtime_previous") and not known("tenant", "saas_gateway.pgpass_previous")
    folder.begin_rotation()
    refresh(environ)
    for service in ("tenant", "manager"):
        assert known(service, "runtime") == folder.read("runtime") != before["runtime"]
        assert known(service, "runtime_previous") == before["runtime"]
        assert known(service, "saas_gateway.pgpass").endswith(folder.read("saas_gateway"))
        assert known(service, "saas_gateway.pgpass_previous").endswith(before["saas_gateway"])
    assert known("manager", "master_previous") == before["master"]
    assert known("manager", "saas_manager.pgpass_previous").endswith(before["saas_manager"])
    assert not known("tenant", "master") and not known("tenant", "master_previous")
    folder.finish_rotation()
    refresh(environ)
    for service in ("tenant", "manager"):
        assert known(service, "runtime") == folder.read("runtime")
        assert not known(service, "runtime_previous")
        assert not known(service, "saas_gateway.pgpass_previous")
    assert known("manager", "master") == folder.read("master")
    assert not known("manager", "master_previous") and not known("manager", "saas_manager.pgpass_previous")


def test_rotate_works_with_what_the_manager_knows_now(folder, environ, known, told):
    folder.begin_rotation()
    start.rotate(environ("manager"))
    [(command, variables)] = told
    assert command == ["-m", "saas_engine.rotation"]
    for variable in ("SAAS_MASTER_SECRET_FILE", "SAAS_PG_MANAGER_PASSWORD_FILE", "SAAS_PG_GATEWAY_PASSWORD_FILE"):
        assert str(variables[variable]).startswith(environ("manager")["SAAS_RUN_DIR"])
    assert not [text for text in map(str, variables.values()) if text in {folder.read(name) for name in ROTATED}]
    assert known("manager", "master") == folder.read("master")


def test_the_end_reaches_services_of_ones_own(folder, environ, told):
    folder.begin_rotation()
    folder.finish_rotation()
    start.refresh_manager(environ("manager"))
    assert [command for command, _variables in told] == [["-m", "saas_engine.rotation", "--finish"]]
