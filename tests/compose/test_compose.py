"""docker-compose.yml, really built and started: one customer's instance through it, and what its walls hold back."""

import contextlib
import re
import threading
import time

import pytest
from compose_project import BASE_DOMAIN, IMAGE, MANAGER, NAME

from stack.secret_files import SecretFiles

LONG_RUNNING = {"postgres", "manager", "tenant", "runtimes", "traefik"}
ONE_SHOT = {"bootstrap", "routes"}
KEEPER = "runtimes"
KEEPERS_RIGHTS = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"}


def test_every_service_is_healthy(project):
    states = {name: container["State"] for name, container in project.containers().items()}
    assert set(states) == LONG_RUNNING | ONE_SHOT
    assert {name: states[name]["Health"]["Status"] for name in LONG_RUNNING} == dict.fromkeys(LONG_RUNNING, "healthy")
    assert {name: states[name]["ExitCode"] for name in ONE_SHOT} == dict.fromkeys(ONE_SHOT, 0)


def test_no_service_is_root_or_writes_outside_its_volumes(project):
    for name, container in project.containers().items():
        assert (container["Config"]["User"] in ("", "root", "0", "0:0")) == (name == KEEPER), name
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        rights = {right.removeprefix("CAP_") for right in host["CapAdd"] or ()}
        assert rights == (KEEPERS_RIGHTS if name == KEEPER else set()), name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0, name
        assert not host["Privileged"], name


def test_no_secret_in_an_environment(project):
    values = [text for file in (project.folder / "secrets").iterdir() if (text := file.read_text())]
    for name, container in project.containers().items():
        found = [value for value in values if value in "\n".join(container["Config"]["Env"])]
        assert not found, name
    # Nor in what the services hand on to Odoo's processes, where any child could read it.
    for name in ("manager", "tenant"):
        environment = project.compose("exec", "-T", name, "sh", "-c", "cat /proc/[0-9]*/environ")
        assert environment.count("SAAS_PG_HOST") > 3  # Odoo's workers among them
        assert not [value for value in values if value in environment], name


@pytest.fixture(scope="module")
def instance(project):
    """An instance that was provisioned through the manager."""
    _model, template = project.call("ir.model.data", "check_object_reference", "saas_manager", "template_blank")
    project.call("saas.template", "action_build", [template])
    state = project.wait_for("saas.template", template, "state", ("building", "draft"), 900)
    assert state == "ready", project.call("saas.template", "read", [template], ["build_error", "build_log"])
    partner = project.call("res.partner", "create", {"name": "Acme", "email": "owner@acme.example"})
    values = {"name": "Acme", "partner_id": partner, "subdomain": "acme"}
    instance = project.call("saas.instance", "create", values)
    project.call("saas.instance", "action_provision", [instance])
    state = project.wait_for("saas.instance", instance, "state", ("draft", "queued", "provisioning"), 120)
    assert state == "active", project.call("saas.instance", "read", [instance], ["failure_reason"])
    return instance


def test_a_customer_gets_an_odoo(project, instance):
    page = project.get(f"acme.{BASE_DOMAIN}", "/web/login")
    assert page.status == 200
    assert b'name="password"' in page.data
    [values] = project.call("saas.instance", "read", [instance], ["url"])
    assert values["url"] == f"https://acme.{BASE_DOMAIN}:{project.https_port}"
    assert project.get(f"nobody.{BASE_DOMAIN}", "/web/login").status == 404


def test_the_proxy_can_not_reach_postgresql(project):
    def connect(network):
        code = "import socket; socket.create_connection(('postgres', 5432), 5)"
        name = f"--network={NAME}_{network}"
        return project.docker("run", "--rm", name, "--entrypoint=python", IMAGE, "-c", code, check=False)

    assert connect("back").returncode == 0
    assert connect("front").returncode != 0
    networks = project.containers()["traefik"]["NetworkSettings"]["Networks"]
    assert set(networks) == {f"{NAME}_front", f"{NAME}_own-front"}
    met = {f"{NAME}_back", f"{NAME}_own-back"}
    assert set(project.containers()["postgres"]["NetworkSettings"]["Networks"]) == met


@pytest.mark.parametrize("path", ["/web/database/manager", "/web/database/selector", "/queue_job/runjob"])
def test_the_public_door_refuses(project, path):
    assert project.get(MANAGER, path).status == 404
    assert project.get(MANAGER, "/web/login").status == 200


def test_tls(project):
    redirect = project.get(MANAGER, "/web/login", secure=False)
    assert redirect.status == 301
    assert redirect.headers["Location"] == f"https://{MANAGER}:{project.https_port}/web/login"
    answer = project.get(MANAGER, "/web/login")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("service", "variable", "value"),
    [
        ("manager", "SAAS_MASTER_SECRET", "change-me-change-me-change-me-change-me"),
        ("manager", "SAAS_ADMIN_PASSWORD", "short"),
        ("tenant", "SAAS_RUNTIME_SECRET", ""),
        ("bootstrap", "SAAS_PG_SUPERUSER_PASSWORD", "postgres"),
    ],
)
def test_no_start_without_a_real_secret(project, service, variable, value):
    options = ["--rm", "--no-deps", "-T", f"--env={variable}={value}", f"--env={variable}_FILE="]
    output = project.compose("run", *options, service, check=False)
    assert f"{service} does not start" in output
    assert variable in output


def test_dumps_are_possible(project):
    """pg_dump is no older than the server that it dumps."""
    client = project.compose("exec", "-T", "manager", "pg_dump", "--version")
    server = project.compose("exec", "-T", "postgres", "postgres", "--version")
    assert client.split()[2].split(".")[0] == server.split()[2].split(".")[0]


def test_invoices_can_be_printed(project):
    code = "echo '<h1>Invoice</h1>' | wkhtmltopdf --quiet - - | head -c 5"
    assert "%PDF-" in project.compose("exec", "-T", "tenant", "sh", "-c", code)


def test_a_service_of_a_tenants_own(project, instance):
    """It moves there and back with its address; there it is another user, and reaches neither manager nor others."""
    [values] = project.call("saas.instance", "read", [instance], ["plan_id"])
    project.call("saas.plan", "write", values["plan_id"][:1], {"own_code": True})
    assert move(project, instance, "dedicated") == "dedicated"
    assert project.get(f"acme.{BASE_DOMAIN}", "/web/login").status == 200
    users = project.compose("exec", "-T", KEEPER, "sh", "-c", "cat /proc/[0-9]*/status | grep ^Uid: | cut -f2")
    assert "30000" in users.split()
    look = (
        "import socket, subprocess, sys\n"
        "def closed(host, port):\n"
        "    try:\n"
        "        socket.create_connection((host, port), 5).close()\n"
        "    except OSError:\n"
        "        return True\n"
        "    return False\n"
        "print(closed('postgres', 5432), closed('manager', 8069), closed('tenant', 8169))\n"
    )
    command = ["setpriv", "--reuid=30000", "--regid=30000", "--clear-groups", "python", "-c", look]
    assert project.compose("exec", "-T", KEEPER, *command).split() == ["False", "True", "True"]
    read = "import os; print([os.access(path, os.R_OK) for path in ('/var/lib/saas/dedicated', '/etc/hosts')])"
    assert "[False, True]" in project.compose("exec", "-T", KEEPER, *command[:-1], read)
    assert move(project, instance, "shared") == "shared"
    assert project.get(f"acme.{BASE_DOMAIN}", "/web/login").status == 200


def move(project, instance, kind):
    project.call("saas.instance", "action_move", [instance], kind)
    fields = ["move_to_id", "move_failure", "runtime_id"]
    deadline = time.monotonic() + 240
    while True:
        [values] = project.call("saas.instance", "read", [instance], fields)
        if not values["move_to_id"]:
            break
        assert time.monotonic() < deadline, values
        time.sleep(1)
    assert not values["move_failure"], values
    return project.call("saas.runtime", "read", values["runtime_id"][:1], ["kind"])[0]["kind"]


def test_new_secrets_without_a_pause(project, instance):
    """The commands of docs/install.md, while somebody asks all the time."""
    addon = project.root / "addons" / "saas_manager"
    files = SecretFiles(project.folder / "secrets", addon, mode=0o444, in_place=True)
    before = files.read("saas_manager")
    assert logs_in(project, before)
    with asked_all_the_time(project, f"acme.{BASE_DOMAIN}", MANAGER) as statuses:
        files.begin_rotation()
        production(project, "tenant", "refresh-tenant")
        said = production(project, "manager", "rotate")
        files.finish_rotation()
        production(project, "tenant", "refresh-tenant")
        production(project, "manager", "refresh-manager")
        time.sleep(3)  # by now nobody knows the secrets before
    assert re.search(r"\b(\d+) of \1 tenants have the new password", said), said
    assert len(statuses) > 10 and set(statuses) == {200}
    assert files.read("saas_manager") != before
    assert logs_in(project, files.read("saas_manager"))
    assert not logs_in(project, before)
    project.call("saas.instance", "action_suspend", [instance])
    project.wait_for("saas.instance", instance, "state", ("active",), 60)
    project.call("saas.instance", "action_resume", [instance])
    assert project.wait_for("saas.instance", instance, "state", ("suspended",), 60) == "active"


def production(project, service, command):
    return project.compose("exec", "-T", service, "python", "-m", "stack.production", command)


def logs_in(project, password):
    """Tell whether a password is that of the manager's role."""
    code = (
        "import psycopg2, sys\n"
        "try:\n"
        "    psycopg2.connect(host='postgres', dbname='postgres', user='saas_manager', password=sys.argv[1]).close()\n"
        "except psycopg2.OperationalError as error:\n"
        "    assert 'password authentication failed' in str(error), error\n"
        "    print('refused')\n"
    )
    return "refused" not in project.compose("exec", "-T", "manager", "python", "-c", code, password)


@contextlib.contextmanager
def asked_all_the_time(project, *hosts):
    """Ask for the login page at hosts until the block ends; give the list of what was answered."""
    statuses, over = [], threading.Event()

    def ask():
        while not over.wait(0.02):
            statuses.extend(project.get(host, "/web/login").status for host in hosts)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


def test_data_outlive_the_containers(project, instance):
    project.compose("down", seconds=180)
    project.compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "240", seconds=260)
    assert project.get(f"acme.{BASE_DOMAIN}", "/web/login").status == 200
    assert project.call("saas.instance", "read", [instance], ["state"]) == [{"id": instance, "state": "active"}]
    assert "unchanged" in project.compose("logs", "manager")
