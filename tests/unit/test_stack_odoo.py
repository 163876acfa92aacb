"""Which Odoo is taken, and what its processes are told."""

import json

import pytest

from stack import debian, odoo_source, postgres
from stack.errors import StackError
from stack.odoo_source import OdooSource
from stack.paths import Paths
from stack.secret_files import SecretFiles
from stack.services import Stack


def make_odoo(home, series):
    (home / "odoo" / "addons").mkdir(parents=True)
    (home / "odoo-bin").touch()
    major, minor = series.split(".")
    (home / "odoo" / "release.py").write_text(f"version_info = ({major}, {minor}, 0, FINAL, 0, '')\n")
    return home


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    monkeypatch.delenv("ODOO_HOME", raising=False)
    monkeypatch.setattr(odoo_source, "_nightly", lambda cache: None)


def test_a_folder_that_was_named_comes_first(tmp_path, monkeypatch):
    make_odoo(tmp_path / "odoo-18.0", "18.0")
    monkeypatch.setenv("ODOO_HOME", str(make_odoo(tmp_path / "mine", "19.0")))
    found = odoo_source.find(tmp_path)
    assert (found.series, found.home) == ("19.0", (tmp_path / "mine").resolve())
    assert "ODOO_HOME" in found.why


def test_the_target_comes_before_the_newer_series(tmp_path):
    make_odoo(tmp_path / "odoo-18.0", "18.0")
    make_odoo(tmp_path / "odoo-19.0", "19.0")
    assert odoo_source.find(tmp_path).series == "18.0"
    assert odoo_source.find(tmp_path, "19.0").series == "19.0"


def test_without_the_target_the_newer_series_is_taken_and_said(tmp_path, capsys):
    make_odoo(tmp_path / "odoo-19.0", "19.0")
    assert odoo_source.find(tmp_path).series == "19.0"
    assert "18.0, the series this project is made for" in capsys.readouterr().out


def test_what_can_not_be_had_is_an_error(tmp_path, monkeypatch):
    with pytest.raises(StackError, match="No Odoo 18.0"):
        odoo_source.find(tmp_path, "18.0")
    with pytest.raises(StackError, match="known are"):
        odoo_source.find(tmp_path, "17.0")
    monkeypatch.setattr(debian, "is_available", lambda: False)
    with pytest.raises(StackError, match="ODOO_HOME"):
        odoo_source.find(tmp_path)


def test_a_folder_of_another_series_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_HOME", str(make_odoo(tmp_path / "mine", "17.0")))
    with pytest.raises(StackError, match="holds no odoo-bin"):
        odoo_source.find(tmp_path)


def test_the_gateway_is_loaded_first_and_19_keeps_its_rpc(tmp_path):
    assert OdooSource(tmp_path, "18.0", "").server_wide("saas_gateway") == "saas_gateway,base,web"
    assert OdooSource(tmp_path, "19.0", "").server_wide("saas_gateway") == "saas_gateway,base,rpc,web"
    assert OdooSource(tmp_path, "19.0", "").server_wide("queue_job") == "base,rpc,web,queue_job"


@pytest.fixture
def stack(tmp_path):
    paths = Paths.from_environment({"SAAS_RUN_DIR": str(tmp_path / "run"), "SAAS_CACHE_DIR": str(tmp_path / "cache")})
    paths.create()
    secrets = SecretFiles(paths.secrets, paths.addons / "saas_manager")
    secrets.create()
    names = ("public", "manager", "manager_gevent", "tenant", "tenant_gevent", "smtp", "mail")
    return Stack(
        paths=paths,
        ports={name: 9000 + number for number, name in enumerate(names)},
        odoo=OdooSource(make_odoo(tmp_path / "odoo", "18.0"), "18.0", ""),
        cluster=postgres.Cluster("127.0.0.1", 5432, "postgres", None, None, None, ""),
        secrets=secrets,
        python=tmp_path / "python",
        tools=tmp_path / "tools",
        queue_job=tmp_path / "queue_job",
        addresses=("127.0.0.1",),
    )


def test_no_secret_stands_in_a_command_or_an_environment(stack):
    stack.write_configuration()
    secrets = [path.read_text().strip() for path in stack.paths.secrets.iterdir()]
    secrets = [secret for secret in secrets if secret]  # there is none before the present ones
    assert secrets
    for program in stack.programs():
        told = " ".join(map(str, [*program.command, *program.environment.values()]))
        assert not [secret for secret in secrets if secret in told], program.name


def test_the_tenant_service_serves_no_single_database(stack):
    commands = {program.name: list(map(str, program.command)) for program in stack.programs()}
    assert "--database=manager" in commands["manager"]
    assert not [
        word
        for word in commands["tenant"]
        if word.startswith(("--database", "-d", "--db-filter")) and not word.startswith(("--data-dir", "--db_"))
    ]


def test_the_manager_learns_how_tenants_are_run(stack):
    stack.write_configuration()
    runtime = json.loads((stack.paths.runtimes / "shared" / "runtime.json").read_text())
    assert runtime["code"] == "shared"
    assert runtime["release"] == "18.0"
    assert runtime["url"] == f"http://127.0.0.1:{stack.ports['tenant']}"
    assert "--load=saas_gateway,base,web" in runtime["command"]
    assert not [word for word in runtime["command"] if word.startswith(("--workers", "--http-port"))]
    assert runtime["environment"]["SAAS_RUNTIME"] == "shared"
