"""The units for systemd: the same services, secrets, limits and walls as compose."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from demo_processes import demo_programs

from stack.production.credentials import NEEDED, predecessors
from stack.production.start import COMMANDS, SERVICES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "stack" / "production" / "systemd"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
ENV = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
ONE_SHOT = {"bootstrap", "routes"}
ODOO = {"manager", "tenant"}


def read(path):
    """Return a unit's settings: the list of values of each, as names may come several times."""
    settings = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith(("#", "[")):
            name, _sign, value = line.partition("=")
            settings.setdefault(name, []).append(value)
    return settings


ALL = {path.stem.removeprefix("saas-"): read(path) for path in (FOLDER / "system").glob("saas-*.service")}
UNITS = {name: unit for name, unit in ALL.items() if name not in COMMANDS and "@" not in name}
KEEPER, OWN = "runtimes", "runtime@"
COMMON = read(FOLDER / "system" / "saas-.service.d" / "common.conf")


def environment(unit):
    return dict(pair.split("=", 1) for line in unit.get("Environment", []) for pair in line.split())


def commands(unit):
    return [command.split() for name in ("ExecStart", "ExecStartPost") for command in unit.get(name, [])]


def test_compose_the_demo_and_systemd_know_the_same_processes(tmp_path):
    # PostgreSQL is the distribution's own service; the mail catcher is the demo's alone.
    assert set(UNITS) == set(COMPOSE) - {"postgres"}
    assert set(UNITS) == (demo_programs(tmp_path) - {"mail", "postgres"}) | ONE_SHOT
    assert (FOLDER / "system" / "postgresql@.service.d" / "saas.conf").exists()


def test_what_runs_belongs_to_the_target_and_what_runs_once_is_drawn_in():
    for name, unit in UNITS.items():
        assert unit["Type"] == (["oneshot"] if name in ONE_SHOT else ["exec"])
        assert unit.get("WantedBy") == (None if name in ONE_SHOT else ["saas.target"])
    assert COMMON["PartOf"] == ["saas.target"]
    for name, once in (("manager", "bootstrap"), ("tenant", "bootstrap"), ("traefik", "routes")):
        assert f"saas-{once}.service" in UNITS[name]["Requires"]
        assert f"saas-{once}.service" in UNITS[name]["After"][0].split()
    assert "postgresql.service" in UNITS["bootstrap"]["After"][0].split()


def test_every_command_is_a_module_of_ours_with_what_compose_gives_it():
    started = {}
    for name, unit in UNITS.items():
        for program, *arguments in commands(unit):
            if program == "/opt/venv/bin/python":
                assert arguments[0] == "-m"
                assert importlib.util.find_spec(arguments[1]), arguments
                if arguments[1] == "stack.production":
                    started[name] = arguments[2:]
            else:
                assert [program, *arguments] == [
                    "/opt/traefik/bin/traefik",
                    "--configfile=%t/saas/traefik/traefik.yml",
                ]
    assert started == {name: [name] for name in SERVICES} == {name: COMPOSE[name]["command"] for name in SERVICES}
    assert COMMON["WorkingDirectory"] == ["/opt/saas"]
    assert environment(COMMON)["PYTHONPATH"].split(":")[0] == "/opt/saas"


@pytest.mark.parametrize("name", sorted(ODOO | {"traefik"}))
def test_started_means_that_it_answers(name):
    [(_python, _m, module, port, seconds)] = [command.split() for command in UNITS[name]["ExecStartPost"]]
    assert module == "stack.production.health"
    asked = COMPOSE[name]["healthcheck"]["test"][-1]
    assert port == (asked if name in ODOO else "8082")
    assert int(seconds) >= 30


def test_every_service_gets_the_secrets_that_it_needs_and_no_other():
    for name, unit in UNITS.items():
        needed = NEEDED.get(name, ())
        loaded = dict(line.split(":") for line in unit.get("LoadCredential", []))
        before = [f"{file}_previous" for _variable, file in predecessors(name)] if needed else []
        wanted = {*(secret.file for secret in needed), *before}
        assert loaded == {file: f"/etc/saas/secrets/{file}" for file in wanted}, name
        files = {key: value for key, value in environment(unit).items() if key.endswith("_FILE")}
        assert files == {f"{secret.variable}_FILE": f"%d/{secret.file}" for secret in needed}, name


@pytest.mark.parametrize(
    ("name", "service"), [("refresh-manager", "manager"), ("refresh-tenant", "tenant"), ("rotate", "manager")]
)
def test_a_command_has_the_account_the_secrets_and_the_walls_of_its_service(name, service):
    command, same = ALL[name], UNITS[service]
    assert set(COMMANDS) == set(ALL) - set(UNITS) - {OWN}
    assert command["ExecStart"] == [f"/opt/venv/bin/python -m stack.production {name}"]
    for setting in ("User", "Group", "Environment", "EnvironmentFile", "LoadCredential", "CapabilityBoundingSet"):
        assert command[setting] == same[setting], setting
    assert command["ReadWritePaths"] == same["ReadWritePaths"]
    assert command["InaccessiblePaths"] == same["InaccessiblePaths"]
    assert (command["Type"], "WantedBy" in command) == (["oneshot"], False)


def test_the_tenants_service_knows_new_secrets_before_postgresql_does():
    assert ALL["rotate"]["Requires"] == ALL["rotate"]["After"] == ["saas-refresh-tenant.service"]


def test_the_password_of_the_mail_server_is_for_odoo_only():
    for name, unit in UNITS.items():
        reads = "/etc/saas/saas.env" in unit.get("EnvironmentFile", [])
        assert reads == (name != "traefik")
        hidden = "SAAS_SMTP_PASSWORD" in unit.get("UnsetEnvironment", [])
        assert hidden == (name in ONE_SHOT)


def test_every_variable_is_documented():
    text = "\n".join((ROOT / "docs" / name).read_text() for name in ("configuration.md", "install.md"))
    used = {key for unit in UNITS.values() for key in environment(unit)}
    assert used
    assert not {key for key in used if f"`{key.removesuffix('_FILE')}" not in text}


@pytest.mark.parametrize("name", sorted(UNITS))
def test_every_service_is_hardened(name):
    unit = COMMON | UNITS[name]
    # The keeper asks systemd, and gives others users of their own.
    assert unit.get("User", ["root"]) != ["root"] or name == KEEPER or unit["DynamicUser"] == ["yes"]
    for wall in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictSUIDSGID"):
        assert unit[wall] == ["yes"], wall
    assert unit["ProtectSystem"] == ["strict"]
    rights = {"traefik": ["CAP_NET_BIND_SERVICE"], KEEPER: ["CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER"]}.get(name, [""])
    assert unit["CapabilityBoundingSet"] == rights
    assert unit.get("AmbientCapabilities", [""]) == (rights if name == "traefik" else [""])
    if name not in ONE_SHOT:
        assert unit["Restart"] == ["always"]


def test_nothing_but_the_public_ports_is_open_to_others():
    assert environment(UNITS["routes"])["SAAS_PROXY_INTERFACE"] == "127.0.0.1"
    assert not [name for name, unit in UNITS.items() if "SAAS_HTTP_INTERFACE" in environment(unit)]


def test_the_tenants_service_sees_nothing_of_the_managers():
    hidden = " ".join(UNITS["tenant"]["InaccessiblePaths"]).split()
    assert {"%t/saas/manager", "%S/saas/manager", "%S/saas/backups"} <= set(hidden)
    # Not by the user, who is the same, but by the group: the unit says why.
    assert UNITS["tenant"]["User"] == UNITS["manager"]["User"] != UNITS["traefik"]["User"]
    assert UNITS["tenant"]["Group"] != UNITS["manager"]["Group"]


def test_a_service_of_a_tenants_own_sees_its_own_files_only():
    unit = COMMON | ALL[OWN]
    assert unit["CapabilityBoundingSet"] == ["CAP_SETGID CAP_SETUID"]  # for the step that makes it somebody else
    assert unit["NoNewPrivileges"] == ["yes"]
    assert unit["ReadWritePaths"] == ["%t/saas-runtimes/%i %S/saas/dedicated-data/%i"]
    hidden = set(" ".join(unit["InaccessiblePaths"]).split())
    assert hidden >= {"%t/saas", *(f"%S/saas/{name}" for name in ("manager", "tenant", "backups", "dedicated"))}
    [command] = unit["ExecStart"]
    assert command == "/opt/venv/bin/python -I /opt/saas/stack/keeper/enter.py %t/saas-runtimes/%i.json"
    assert (ROOT / "stack" / "keeper" / "enter.py").exists()
    # The services that many share don't see these, though their user is the one that writes them.
    hidden = set(" ".join(UNITS["tenant"]["InaccessiblePaths"]).split())
    assert hidden >= {"%S/saas/dedicated", "%S/saas/dedicated-data"}


def test_every_path_and_account_is_prepared():
    lines = [line.split() for line in (FOLDER / "tmpfiles.d" / "saas.conf").read_text().splitlines() if line[0] != "#"]
    folders = {line[1] for line in lines if line[0] == "d"}
    known = {match for match in re.findall(r"^[ug] (\S+)", (FOLDER / "sysusers.d" / "saas.conf").read_text(), re.M)}
    assert {account for line in lines for account in line[3:5]} <= known | {"root"}
    for unit in UNITS.values():
        assert {*unit.get("User", []), *unit.get("Group", [])} <= known | {"root"}
        for path in " ".join(unit.get("ReadWritePaths", []) + unit.get("InaccessiblePaths", [])).split():
            assert path.replace("%t", "/run").replace("%S", "/var/lib") in folders


def test_the_limits_are_those_of_compose():
    for name, unit in UNITS.items():
        if name == KEEPER:  # each of its services has a limit of its own here
            continue
        assert unit["MemoryMax"] == [_default(COMPOSE[name]["mem_limit"])], name
    assert read(FOLDER / "system" / "postgresql@.service.d" / "saas.conf")["MemoryMax"] == [
        _default(COMPOSE["postgres"]["mem_limit"])
    ]
    settings = (FOLDER / "postgresql" / "saas.conf").read_text()
    for name in ("max_connections", "shared_buffers", "autovacuum_naptime"):
        assert f"\n{name} = {ENV[f'SAAS_PG_{name.upper()}']}\n" in settings


def _default(limit):
    return re.sub(r"\$\{\w+:-(\w+)\}", r"\1", limit).upper()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")
def test_systemd_understands_the_units(tmp_path):
    shutil.copytree(FOLDER / "system", tmp_path / "system")
    units = [file for file in (tmp_path / "system").iterdir() if file.is_file()]
    for file in units:
        # The programs are where docs/install.md puts them, which is not here.
        text = file.read_text().replace("/opt/venv/bin/python", sys.executable)
        file.write_text(text.replace("/opt/traefik/bin/traefik", sys.executable))
    environ = {"SYSTEMD_UNIT_PATH": f"{tmp_path / 'system'}:", "PATH": "/usr/bin:/bin"}
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], env=environ, capture_output=True, text=True, check=False
    )
    ours = [line for line in result.stderr.splitlines() if "saas" in line]
    assert not ours
