"""An instance moves to a service of its own with one click: it may have code there, and reaches nobody else.

The service runs as a user of its own where the demo is root; elsewhere what needs that is skipped, and says so.
"""

import contextlib
import functools
import json
import subprocess
import sys
import uuid

import psutil
import pytest
import requests
from support.browser import open_form, press

PASSWORD = "a password that moves along"
SECONDS = 180
CODE = "action = {'type': 'ir.actions.client', 'tag': 'sum', 'params': {'sum': sum(range(5))}}"


@pytest.fixture(scope="session")
def developer_plan(demo):
    """A plan that allows own code."""
    code = f"dev{uuid.uuid4().hex[:8]}"
    return demo.manager.call("saas.plan", "create", {"name": "Developer", "code": code, "own_code": True})


def moved(demo, instance):
    """Wait until an instance has moved, and return the kind of service that it is in."""
    state = demo.wait_for(
        lambda: demo.read(instance, "move_to_id", "move_failure", "runtime_id"),
        lambda found: not found["move_to_id"],
        SECONDS,
    )
    assert not state["move_failure"], state
    [runtime] = demo.manager.call("saas.runtime", "read", state["runtime_id"][:1], ["kind", "code", "state"])
    return runtime


def customer(demo, subdomain):
    """Sign in as a customer with a file of their own."""
    tenant = demo.set_password(subdomain, PASSWORD)
    values = {"name": "offer.txt", "raw": "an offer that nobody may lose", "public": True}
    tenant.attachment = tenant.call("ir.attachment", "create", values)
    return tenant


def own_action(tenant):
    """Write a server action of one's own."""
    [model] = tenant.call("ir.model", "search", [("model", "=", "res.partner")])
    return tenant.call("ir.actions.server", "create", {"name": "Sum", "model_id": model, "state": "code", "code": CODE})


def assert_at_home(tenant):
    """Look at what must not change: the address, the password, the data."""
    assert tenant.get("/web/login").status_code == 200
    assert tenant.sign_in(tenant.login, PASSWORD)
    assert tenant.get(f"/web/content/{tenant.attachment}").text == "an offer that nobody may lose"


def test_one_click_there_and_back(demo, page, instance, subdomain, developer_plan, screenshot):
    tenant = customer(demo, subdomain)
    with pytest.raises(demo.RpcError, match="shares its server"):
        own_action(tenant)
    demo.manager.call("saas.instance", "write", [instance], {"plan_id": developer_plan})
    move_in_the_browser(demo, page, instance, screenshot, "move-to-own")
    runtime = moved(demo, instance)
    assert (runtime["kind"], runtime["state"]) == ("dedicated", "running")
    page.wait_for_selector(".o_field_widget[name=runtime_id]")
    screenshot("instance-in-own-service")
    assert_at_home(tenant)
    action = own_action(tenant)
    assert tenant.call("ir.actions.server", "run", [action])["params"] == {"sum": 10}
    look_at_the_service(demo, page, runtime, screenshot)
    refuse_the_way_back(demo, page, instance, screenshot)
    tenant.call("ir.actions.server", "unlink", [action])
    move_in_the_browser(demo, page, instance, screenshot, "move-to-shared")
    assert moved(demo, instance)["kind"] == "shared"
    assert_at_home(tenant)
    demo.wait_for(
        lambda: demo.manager.call("saas.runtime", "read", [runtime["id"]], ["state"])[0]["state"],
        lambda state: state == "removed",
        SECONDS,
    )
    assert not list(demo.run_dir.glob(f"dedicated*/{runtime['code']}*"))
    assert not list(demo.run_dir.glob(f"traefik/routes/*{runtime['code']}*"))
    with demo.superuser() as cr:
        cr.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [f"saas_gateway_{runtime['code']}"])
        assert cr.fetchone() == (0,)


def move_in_the_browser(demo, page, instance, screenshot, name):
    open_form(demo, page, f"instances/{instance}")
    press(page, "action_open_move_wizard")
    page.wait_for_selector(".modal button[name=action_confirm]")
    screenshot(name)
    page.click(".modal button[name=action_confirm]")
    page.wait_for_selector(".alert:has-text('It moves to another service')")
    page.wait_for_selector(".alert:has-text('It moves to another service')", state="hidden", timeout=SECONDS * 1000)


def look_at_the_service(demo, page, runtime, screenshot):
    """Stop and start it; the form follows by itself."""
    manager = demo.description["manager"]
    page.goto(f"{manager['url']}/odoo/saas-services/{runtime['id']}")
    show_state(page, "Running")
    screenshot("own-service")
    press(page, "action_stop")
    page.click(".modal .modal-footer button.btn-primary")
    show_state(page, "Stopped")
    screenshot("own-service-stopped")
    press(page, "action_start")
    show_state(page, "Running")


def show_state(page, label):
    page.wait_for_selector(f".o_statusbar_status :text('{label}') >> nth=0", state="attached", timeout=SECONDS * 1000)


def refuse_the_way_back(demo, page, instance, screenshot):
    open_form(demo, page, f"instances/{instance}")
    press(page, "action_open_move_wizard")
    page.click(".modal button[name=action_confirm]")
    page.wait_for_selector(".alert:has-text('code of its own')", timeout=SECONDS * 1000)
    screenshot("move-refused")
    assert "Sum" in demo.read(instance, "move_failure")
    demo.wait_for(lambda: demo.read(instance, "move_to_id"), lambda target: not target, SECONDS)
    assert demo.read(instance, "state") == "active"


# -- what it can't reach


@pytest.fixture(scope="module")
def own(demo, developer_plan):
    """An instance that was sold with own code: it is in a service of its own by itself."""
    name = f"o{uuid.uuid4().hex[:10]}"
    instance = demo.provision(name, plan_id=developer_plan)
    runtime = moved(demo, instance)
    assert runtime["kind"] == "dedicated"
    return Own(demo, name, instance, runtime)


class Own:
    """An instance in a service of its own, and what somebody could do who has taken over its process."""

    def __init__(self, demo, subdomain, instance, runtime):
        self.demo, self.subdomain, self.instance, self.code = demo, subdomain, instance, runtime["code"]
        self.folder = demo.run_dir / "dedicated" / self.code
        self.description = json.loads((self.folder / "runtime.json").read_text())
        self.start = json.loads((demo.run_dir / "dedicated-run" / f"{self.code}.json").read_text())

    @functools.cached_property
    def tenant(self):
        """The customer's Odoo, signed in."""
        return self.demo.set_password(self.subdomain, PASSWORD)

    @property
    def process(self):
        found = [each for each in psutil.process_iter() if each.uids().real == self.start["uid"]]
        return min(found, key=lambda each: each.create_time())

    def run(self, script, *arguments):
        """Run a script as the service's user, with the service's view of the files; return what it prints."""
        if not self.start["separate"]:
            pytest.skip("the demo is not root here: its services have no users of their own")
        uid, gid = str(self.start["uid"]), str(self.start["gid"])
        enter = ["nsenter", f"--target={self.process.pid}", "--mount", "setpriv", f"--reuid={uid}", f"--regid={gid}"]
        command = [*enter, "--clear-groups", self.start["command"][0], "-c", script, *map(str, arguments)]
        environment = {name: self.start["environment"][name] for name in ("SAAS_RUNTIME_SECRET_FILE", "PGPASSFILE")}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()


READ = """
import os, sys
for path in sys.argv[1:]:
    try:
        found = os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read()
        print('read' if found else 'empty')
    except OSError as error:
        print(type(error).__name__)
"""
LOGIN = """
import os, sys, psycopg2
host, port, db, user, password = sys.argv[1:]
try:
    connection = psycopg2.connect(host=host, port=port, dbname=db, user=user, password=password or None)
    print('in')
except psycopg2.OperationalError as error:
    print(str(error).split('FATAL:')[-1].strip())
"""
SIGNAL = """
import os, sys
try:
    os.kill(int(sys.argv[1]), 0)
    print('may')
except PermissionError:
    print('may not')
"""


def test_files_of_others(demo, own, shared_instance):
    data = own.description["data_dir"]
    shared = demo.tenant_data_dir
    mine = [f"{data}/filestore/{own.subdomain}", own.start["environment"]["SAAS_RUNTIME_SECRET_FILE"]]
    assert own.run(READ, *mine).split() == ["read", "read"]
    others = [
        shared / "filestore" / shared_instance,
        shared / "sessions",
        *(demo.run_dir / "secrets" / name for name in ("master", "runtime", "saas_gateway", "postgres")),
        demo.run_dir / "demo.json",
        demo.run_dir / "backups",
        demo.run_dir / "dedicated" / own.code / "secret",
        "/root",
    ]
    for path in others[:-1]:
        assert path.exists()
    answers = own.run(READ, *others).split()
    assert set(answers[:-1]) <= {"FileNotFoundError", "PermissionError"}, dict(zip(others, answers, strict=True))


def test_processes_of_others(demo, own):
    tenant, manager = demo.process("tenant"), demo.process("manager")
    parts = ("environ", "maps", "cwd")
    assert own.run(READ, f"/proc/{own.process.pid}/environ") == "read"
    paths = [f"/proc/{process.pid}/{part}" for process in (tenant, manager) for part in parts]
    assert set(own.run(READ, *paths).split()) == {"PermissionError"}
    assert own.run(SIGNAL, own.process.pid) == "may"
    assert own.run(SIGNAL, tenant.pid) == "may not"


def test_databases_of_others(demo, own, shared_instance):
    postgres = demo.description["postgres"]
    address = (postgres["host"], postgres["port"])
    gateway = f"saas_gateway_{own.code}"
    assert own.run(LOGIN, *address, "postgres", gateway, "") == "in"
    for db in (shared_instance, own.subdomain, "manager", "template1"):
        assert "permission denied" in own.run(LOGIN, *address, db, gateway, "")
    with demo.superuser() as cr:
        cr.execute("SELECT db, key FROM saas.tenant WHERE db IN (%s, %s)", [own.subdomain, shared_instance])
        keys = dict(cr.fetchall())
    assert own.run(LOGIN, *address, own.subdomain, *role_and_password(own, keys[own.subdomain])) == "in"
    # The neighbour's key is not known there; even if it were, its password derives from another secret.
    assert "password" in own.run(LOGIN, *address, shared_instance, *role_and_password(own, keys[shared_instance]))
    assert "permission denied" in own.run(
        LOGIN, *address, shared_instance, *role_and_password(own, keys[own.subdomain])
    )


def role_and_password(own, key):
    """Return what the service itself could log in as, for a tenant's key."""
    sys.path.insert(0, "addons/saas_manager")
    try:
        from saas_engine import naming
    finally:
        sys.path.remove("addons/saas_manager")
    secret = (own.folder / "secret").read_text().encode()
    return naming.role_name(key), naming.role_password(secret, key)


def test_sites_of_others(demo, own, shared_instance):
    """Its service answers for its own site alone, whoever asks; and RPC finds no other database."""
    url, host = own.description["url"], demo.tenant(own.subdomain).host
    assert requests.get(f"{url}/web/login", headers={"Host": host}, timeout=30).status_code == 200
    other = requests.get(f"{url}/web/login", headers={"Host": demo.tenant(shared_instance).host}, timeout=30)
    assert other.status_code == 404
    tenant = own.tenant
    assert tenant.rpc("common", "version")
    refusals = set()
    for db in (shared_instance, "manager", "nosuchdatabase"):
        with pytest.raises(demo.RpcError) as refused:
            tenant.rpc("object", "execute_kw", db, 2, "admin", "res.users", "search", [[]])
        refusals.add(str(refused.value).replace(db, "<db>"))
    assert len(refusals) == 1, "like a database that is not there"
    own_rows = tenant.rpc(
        "object", "execute_kw", own.subdomain, tenant.uid, PASSWORD, "res.users", "search_count", [[]]
    )
    assert own_rows


def test_requests_to_the_house_itself(demo, own):
    """What its code sends goes to the internet, and to nothing inside."""
    tenant = own.tenant
    [model] = tenant.call("ir.model", "search", [("model", "=", "res.partner")])
    for port in demo.internal_ports[:6]:
        values = {"name": "hook", "model_id": model, "state": "webhook", "webhook_url": f"http://127.0.0.1:{port}/"}
        action = tenant.call("ir.actions.server", "create", values)
        context = {"active_model": "res.partner", "active_id": 1, "active_ids": [1]}
        with contextlib.suppress(demo.RpcError):  # Odoo waits a second for an answer, and lets go in silence
            tenant.call("ir.actions.server", "run", [action], context=context)
    log = (demo.run_dir / "log" / f"runtime-{own.code}.log").read_text()
    for port in demo.internal_ports[:6]:
        assert f"refused to connect to 127.0.0.1 port {port}" in log


def test_it_survives_the_end_of_its_keeper_and_of_itself(demo, own):
    keeper, service = demo.process("runtimes"), own.process
    keeper.kill()
    demo.wait_for_another("runtimes", keeper)
    assert demo.tenant(own.subdomain).get("/web/login").status_code == 200
    assert own.process.pid == service.pid, "the supervisor keeps it, the keeper only asks"
    service.kill()
    login = demo.tenant(own.subdomain)
    demo.wait_for(lambda: login.get("/web/login").status_code, lambda code: code == 200, SECONDS)


def test_a_rename_leads_there(demo, own):
    new = f"{own.subdomain}-n"
    demo.manager.call("saas.instance", "action_rename", [own.instance], new)
    demo.wait_for(lambda: demo.read(own.instance, "subdomain"), lambda name: name == new, SECONDS)
    assert demo.tenant(new).get("/web/login").status_code == 200
    former = demo.tenant(own.subdomain).get("/web/login")
    assert former.status_code == 302 and demo.tenant(new).host in former.headers["Location"]
    own.subdomain = new


def test_suspended_and_on_again(demo, own):
    tenant = demo.tenant(own.subdomain)
    demo.manager.call("saas.instance", "action_suspend", [own.instance], "Invoice 42 is unpaid.")
    # Each worker looks at the directory by itself.
    demo.wait_for(lambda: {tenant.get("/web/login").status_code for _ in range(8)}, lambda codes: codes == {503})
    assert "Invoice 42 is unpaid." in tenant.get("/", headers={"Accept": "text/html"}).text
    demo.manager.call("saas.instance", "action_resume", [own.instance])
    demo.wait_for(lambda: {tenant.get("/web/login").status_code for _ in range(8)}, lambda codes: codes == {200})


def test_terminated_it_leaves_nothing(demo, own):
    call = demo.manager.call
    call("saas.instance", "action_terminate", [own.instance], own.subdomain)
    call("saas.instance", "action_delete_now", [own.instance], own.subdomain)
    assert demo.wait_for_state(own.instance, "terminated", seconds=SECONDS) == "terminated"
    demo.wait_for(lambda: list(demo.run_dir.glob(f"dedicated*/{own.code}*")), lambda left: not left, SECONDS)
    assert not list(demo.run_dir.glob(f"traefik/routes/*{own.code}*"))
