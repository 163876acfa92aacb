"""`make rotate-secrets` on the demo: a customer's site and the manager go on, new customers come, old links end."""

import json
import os
import subprocess
import threading
import uuid
from pathlib import Path

import requests
from support.demo import Odoo

ROOT = Path(__file__).parents[2]
ROTATED = ("master", "runtime", "saas_manager", "saas_gateway")


def secrets_of(demo):
    return {name: (demo.run_dir / "secrets" / name).read_text() for name in ROTATED}


def rotate(demo):
    environment = {**os.environ, "SAAS_RUN_DIR": str(demo.run_dir)}
    command = ["make", "rotate-secrets"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def watch(demo, site, over, failures):
    """Ask for a page and for data until it is over."""
    manager = Odoo(demo.manager.url, demo.manager.database)
    while not over.is_set():
        try:
            status = site.get("/web/login").status_code
            manager.uid or manager.sign_in(demo.manager.login, demo.manager.password)
            manager.call("saas.instance", "search_count", [])
        except (requests.RequestException, demo.RpcError) as error:
            status = str(error)
        if status != 200:
            failures.append(status)


def opens(demo, instance, subdomain):
    """Tell whether the sign-in link of support, which the manager makes now, opens the tenant."""
    token = demo.manager.call("saas.instance", "action_sign_in", [instance])["url"].partition("#")[2]
    site = demo.tenant(subdomain)
    csrf = site.get("/saas/sign-in").text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    return site.request("POST", "/saas/sign-in", data={"token": token, "csrf_token": csrf}).status_code == 303


def test_new_secrets_while_everything_runs(demo, shared_instance, subdomain):
    before, waiting = secrets_of(demo), f"w{uuid.uuid4().hex[:10]}"
    demo.provision(waiting)
    old_link = demo.welcome_path(f"owner@{waiting}.example")
    assert demo.manager.get(old_link).status_code == 200
    over, failures, site = threading.Event(), [], demo.tenant(shared_instance)
    thread = threading.Thread(target=watch, args=[demo, site, over, failures])
    thread.start()
    try:
        ordered = demo.create(subdomain)
        demo.manager.call("saas.instance", "action_provision", [ordered])
        done = rotate(demo)
        assert demo.wait_for_state(ordered, "active", "failed") == "active", demo.read(ordered, "failure_reason")
        # One that came while the passwords changed may have got the old one last; the next look puts that right.
        again = demo.provision(f"x{subdomain}")
    finally:
        over.set()
        thread.join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert failures == []
    after = secrets_of(demo)
    assert not {name for name in ROTATED if after[name] == before[name]}
    assert not [text for text in (*before.values(), *after.values()) if text.strip() in done.stdout + done.stderr]
    # What the new secrets sign opens, what the old ones have signed does not.
    demo.manager.call("saas.instance", "write", [again], {"support_sign_in": True})
    assert opens(demo, again, f"x{subdomain}")
    assert demo.manager.get(old_link).status_code == 404
    [found] = demo.manager.call("saas.instance", "search", [["subdomain", "=", waiting]])
    demo.manager.call("saas.instance", "action_send_welcome", [found])
    demo.wait_for(lambda: demo.welcome_path(f"owner@{waiting}.example"), lambda path: path != old_link)
    demo.set_password(waiting, "a password of its own")


def test_nothing_of_it_stays_behind(demo):
    names = {path.name for path in (demo.run_dir / "secrets").iterdir()}
    assert not [name for name in names if name.endswith(".pgpass_previous")]
    assert {(demo.run_dir / "secrets" / f"{name}_previous").read_text() for name in ROTATED} == {""}
    runtime = json.loads((demo.run_dir / "runtimes/shared/runtime.json").read_text())
    assert not [secret for secret in secrets_of(demo).values() if secret in json.dumps(runtime)]


def test_a_service_of_ones_own_gets_them_too(demo):
    code = f"dev{uuid.uuid4().hex[:8]}"
    plan = demo.manager.call("saas.plan", "create", {"name": "Developer", "code": code, "own_code": True})
    name = f"o{uuid.uuid4().hex[:10]}"
    instance = demo.provision(name, plan_id=plan)
    found = demo.wait_for(
        lambda: demo.read(instance, "move_to_id", "move_failure", "runtime_id"),
        lambda state: not state["move_to_id"],
        180,
    )
    assert not found["move_failure"]
    [runtime] = demo.manager.call("saas.runtime", "read", found["runtime_id"][:1], ["kind", "code"])
    assert runtime["kind"] == "dedicated"
    tenant, folder = demo.set_password(name, "a password of its own"), demo.run_dir / "dedicated" / runtime["code"]
    before = (folder / "secret").read_text()
    done = rotate(demo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "secret").read_text() != before
    assert (folder / "secret_previous").read_text() == (folder / "pgpass_previous").read_text() == ""
    # Nothing that it has open is left, so each of its processes logs in anew.
    with demo.superuser() as cr:
        cr.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = %s OR usename = %s",
            [name, f"saas_gateway_{runtime['code']}"],
        )
    demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda status: status == 200)
    assert tenant.sign_in(tenant.login, "a password of its own")
