"""Suspend, resume, terminate, delete: what a visitor sees, and how soon."""

import json
import time
import zipfile
from pathlib import Path

import psycopg2
import pytest
import websocket
from support.browser import open_form, press
from support.demo import RpcError
from support.stock_odoo import StockOdoo

PASSWORD = "a password that survives"


def status(tenant, path="/web/login", **options):
    return tenant.get(path, **options).status_code


def wait_until_all_workers_say(demo, tenant, code):
    """Ask often enough that each worker has most likely answered."""
    demo.wait_for(lambda: {status(tenant) for _request in range(8)}, lambda codes: codes == {code}, seconds=5)


def test_suspended_really_blocks(demo, instance, subdomain):
    tenant = demo.set_password(subdomain, PASSWORD)
    version = tenant.session_info(tenant.login, PASSWORD)["websocket_worker_version"]
    socket = open_websocket(tenant, version)
    assert_open(socket)
    demo.manager.call("saas.instance", "action_suspend", [instance], "Invoice 42 is unpaid.")
    wait_until_all_workers_say(demo, tenant, 503)
    page = tenant.get("/web/login", headers={"Accept": "text/html"})
    assert "Invoice 42 is unpaid." in page.text
    for path in ("/", "/web", "/web/static/img/favicon.ico", "/web/health", "/my", "/web/webclient/version_info"):
        assert status(tenant, path) == 503, path
    with pytest.raises(RpcError, match="503"):
        tenant.rpc("common", "authenticate", tenant.database, tenant.login, PASSWORD, {})
    with pytest.raises(websocket.WebSocketException):
        open_websocket(tenant, version)
    assert_closed(socket)
    resumed_at = time.monotonic()
    demo.manager.call("saas.instance", "action_resume", [instance])
    wait_until_all_workers_say(demo, tenant, 200)
    assert time.monotonic() - resumed_at < 2
    assert tenant.sign_in(tenant.login, PASSWORD)
    open_websocket(tenant, version).close()


def open_websocket(tenant, version):
    cookie = "; ".join(f"{name}={value}" for name, value in tenant.http.cookies.items())
    return websocket.create_connection(
        f"ws://127.0.0.1:{tenant.host.rpartition(':')[2]}/websocket?version={version}",
        host=tenant.host,
        origin=f"http://{tenant.host}",
        cookie=cookie,
        timeout=10,
    )


def assert_open(socket):
    """An open websocket has nothing to say."""
    socket.settimeout(1)
    with pytest.raises(websocket.WebSocketTimeoutException):
        socket.recv_data()


def assert_closed(socket):
    """A closed websocket says so, or is just gone."""
    socket.settimeout(5)
    try:
        opcode, _data = socket.recv_data()
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        return
    assert opcode == websocket.ABNF.OPCODE_CLOSE


def test_terminate_undo_and_delete(demo, instance, subdomain):
    call, tenant = demo.manager.call, demo.tenant(subdomain)
    key = demo.read(instance, "uuid").replace("-", "")
    assert call("saas.instance", "action_terminate", [instance])["res_model"] == "saas.terminate.wizard"
    with pytest.raises(RpcError, match="to confirm"):
        call("saas.instance", "action_terminate", [instance], "somethingelse")
    assert demo.read(instance, "state") == "active"
    call("saas.instance", "action_terminate", [instance], subdomain)
    demo.wait_for(lambda: status(tenant), lambda code: code == 503, seconds=5)
    call("saas.instance", "action_resume", [instance])
    demo.wait_for(lambda: status(tenant), lambda code: code == 200, seconds=5)
    call("saas.instance", "action_terminate", [instance], subdomain)
    call("saas.instance", "action_delete_now", [instance], subdomain)
    demo.wait_for_state(instance, "terminated")
    assert status(tenant) == 404
    assert_nothing_left(demo, subdomain, key)
    assert_restorable(demo, instance)
    assert demo.provision(subdomain)  # the name is free again


def assert_nothing_left(demo, subdomain, key):
    with demo.superuser() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE datname IN (%s, %s)", [subdomain, f"new_{key}"])
        assert not cr.fetchall()
        cr.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [f"tenant_{key}"])
        assert not cr.fetchall()
        cr.execute("SELECT db FROM saas.tenant WHERE key = %s", [key])
        assert not cr.fetchall()
    assert not (demo.tenant_data_dir / "filestore" / subdomain).exists()


def assert_restorable(demo, instance):
    """The final dump is what Odoo's own database manager restores: database, files, modules."""
    [backup] = demo.manager.call("saas.backup", "search_read", [("instance_id", "=", instance)], ["path", "size"])
    path = Path(backup["path"])
    assert path.stat().st_size == backup["size"]
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("manifest.json"))["modules"]["saas_tenant"]
        files = [name for name in archive.namelist() if name.startswith("filestore/")]
    with StockOdoo(demo) as stock, stock.serving():
        restored = stock.restore(path)
        assert 'name="login"' in stock.login_page(restored)
        assert len([each for each in (stock.data_dir / "filestore" / restored).rglob("*") if each.is_file()]) >= len(
            files
        )
        with demo.superuser(restored) as cr:
            cr.execute("SELECT login FROM res_users WHERE id = 2")
            assert cr.fetchone()[0] == demo.read(instance, "admin_email")


def test_the_buttons(demo, page, instance, subdomain, screenshot):
    """What an administrator clicks, at desktop and phone width."""
    open_form(demo, page, f"instances/{instance}")
    press(page, "action_open_suspend_wizard")
    page.fill(".modal div[name=reason] input", "Maintenance of your payment")
    screenshot("suspend-wizard")
    page.click(".modal button[name=action_confirm]")
    wait_until_closed(page)
    page.wait_for_selector("text=Visitors read")
    screenshot("instance-suspended")
    suspended_page(demo, page, subdomain, screenshot)
    page.goto(f"{demo.manager.url}/odoo/instances/{instance}")
    press(page, "action_resume")
    page.wait_for_selector(".o_form_view:not(:has-text('Visitors read'))")
    press(page, "action_terminate")
    page.fill(".modal div[name=confirmation] input", subdomain)
    screenshot("terminate-wizard")
    page.click(".modal button:has-text('Terminate'):visible")
    wait_until_closed(page)
    page.wait_for_selector("text=You can undo the termination")
    screenshot("instance-terminating")


def wait_until_closed(page):
    """A dialog's own words must not pass for those of the form behind it."""
    page.wait_for_selector(".modal", state="detached")


def suspended_page(demo, page, subdomain, screenshot):
    tenant = demo.tenant(subdomain)
    demo.wait_for(lambda: status(tenant), lambda code: code == 503, seconds=5)
    answer = page.goto(f"{tenant.url}/web")
    assert answer.status == 503
    page.wait_for_selector("text=Maintenance of your payment")
    screenshot("tenant-suspended")


def test_deletion_is_only_the_administrators(demo, instance, subdomain):
    """Over RPC, as a manager and not an administrator: refused; the positive control is the test above."""
    demo.manager.call("saas.instance", "action_terminate", [instance], subdomain)
    manager = demo.user_of_group("saas_manager.group_manager")
    with pytest.raises(RpcError, match="administrator"):
        manager.call("saas.instance", "action_delete_now", [instance], subdomain)
    manager.call("saas.instance", "action_resume", [instance])
    assert demo.read(instance, "state") == "active"


def test_the_database_is_closed_to_neighbours(demo, instance, subdomain):
    """The tenant's database does not even let the manager's own role in."""
    with pytest.raises(psycopg2.OperationalError, match="permission denied|authentication failed|no password"):
        psycopg2.connect(demo.dsn(subdomain, "saas_gateway"))
