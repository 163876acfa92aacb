"""A tenant's sessions lie in its own folder; what lies elsewhere opens nothing."""

import json
import os
import shutil
import time

import pytest
import websocket
from saas_engine import sessions
from saas_engine.runtime import Runtime
from support.gateway_client import RpcError, seconds_until

OLD = 8 * 24 * 3600


@pytest.fixture
def runtime(stack):
    return Runtime("shared", "18.0", "http://127.0.0.1:9", stack.data, ["odoo-bin"], {})


@pytest.fixture
def folder(runtime):
    """Where the sessions of a tenant lie."""
    return lambda tenant: sessions.folder(runtime, tenant.key)


def path_of(folder, cookie):
    return folder / cookie[:2] / cookie


def who(tenant, cookie):
    """Return the user of a session, None if it is nobody's."""
    client = type(tenant.client)(tenant.client.port, tenant.client.gevent_port, tenant.host, tenant.db)
    client.cookie = cookie
    try:
        return client.call("/web/session/get_session_info", {})["uid"]
    except RpcError as error:
        assert "SessionExpired" in str(error)
        return None


def test_a_session_lies_with_its_tenant_and_opens_nothing_elsewhere(acme, beta, folder):
    cookie = acme.client.login().cookie
    file = path_of(folder(acme), cookie)
    assert json.loads(file.read_text())["uid"] == 2
    assert (file.stat().st_mode & 0o777, folder(acme).stat().st_mode & 0o777) == (0o600, 0o700)
    assert (who(acme, cookie), who(beta, cookie)) == (2, None)
    assert not path_of(folder(beta), cookie).exists()
    # A page visited with the neighbour's cookie signs nobody out, as it did in one common folder.
    beta.client.request("/odoo", Cookie=f"session_id={cookie}")
    assert who(acme, cookie) == 2


def test_a_copied_session_opens_nothing(acme, beta, folder):
    cookie = acme.client.login().cookie
    source, target = (path_of(folder(tenant), cookie) for tenant in (acme, beta))
    beta.client.login()  # its folder is there
    for db in ("acme", "beta"):
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
        target.write_text(json.dumps({**json.loads(source.read_text()), "db": db}))
        assert who(beta, cookie) is None
    assert who(acme, cookie) == 2


def test_a_neighbours_session_opens_no_websocket_as_that_user(acme, beta, folder):
    cookie = acme.client.login().cookie
    before = {file.name for file in folder(beta).glob("*/*")} if folder(beta).exists() else set()
    connection = acme.client.websocket()
    connection.close()
    assert path_of(folder(acme), cookie).exists()
    stranger = websocket.create_connection(
        f"ws://127.0.0.1:{beta.client.gevent_port}/websocket",
        host=beta.host,
        origin=f"http://{beta.host}",
        cookie=f"session_id={cookie}",
        timeout=20,
    )
    stranger.close()
    made = {file.name for file in folder(beta).glob("*/*")} - before
    # Odoo begins a visitor's session under the id that the browser sent. A sign-in gets another one.
    assert not any(json.loads(path_of(folder(beta), name).read_text()).get("uid") for name in made)
    assert (who(acme, cookie), who(beta, cookie)) == (2, None)


def test_nobodys_host_gets_no_session(acme, stack):
    before = {path.name for path in (stack.data / "sessions").iterdir()}
    for path, status in (("/web/login", 404), ("/", 404), ("/web/health", 200)):
        assert acme.client.status(path, host="nobody.example.com") == status
    acme.client.request("/web/login")  # positive control: a tenant's page keeps one
    after = {path.name for path in (stack.data / "sessions").iterdir()}
    assert after - before <= {acme.key}
    assert acme.key in after


@pytest.mark.parametrize(
    "sid", ["../" * 20 + "x" * 24, "..%2f" * 10, "/etc/passwd", "x" * 83 + "/", "x" * 84 + "\\012", "\\000" * 84, ""]
)
def test_a_session_id_is_no_path(acme, stack, sid):
    def seen():
        """All but the tenant's own sessions and files."""
        own = (stack.data / "sessions" / acme.key, stack.data / "filestore")
        return {path for path in stack.data.rglob("*") if not any(path.is_relative_to(folder) for folder in own)}

    before = seen()
    assert acme.client.request("/web/login", Cookie=f'session_id="{sid}"').status == 200
    assert seen() == before


def test_people_stay_signed_in_when_the_database_is_renamed(stack, service, folder):
    tenant = stack.create_tenant("iota", hosts=["shop.iota.example"])
    client = type(tenant.client)(tenant.client.port, tenant.client.gevent_port, "shop.iota.example", "iota").login()
    ask = lambda: client.post_json("/web/session/get_session_info", {}).json().get("result", {})  # noqa: E731
    assert ask()["db"] == "iota"
    entry = stack.directory.entry(tenant.key)
    shutil.copytree(stack.filestore("iota"), stack.filestore("kappa"))
    stack.cluster.rename("iota", "kappa", tenant.key)
    stack.directory.publish(
        type(entry)("kappa", tenant.key, "shared", hosts=("kappa.example.com", "shop.iota.example"))
    )
    seconds_until(lambda: ask().get("db") == "kappa", limit=10)
    assert all(ask()["uid"] == 2 for _ in range(6))


def test_a_tenants_own_rule_removes_its_old_sessions_and_nobody_elses(acme, beta, folder):
    old, neighbours = acme.client.login().cookie, beta.client.login().cookie
    acme.client.cookie = None
    new = acme.client.login().cookie
    for tenant, cookie in ((acme, old), (beta, neighbours)):
        then = time.time() - OLD
        os.utime(path_of(folder(tenant), cookie), (then, then))
    run_vacuum(acme)
    seconds_until(lambda: not path_of(folder(acme), old).exists(), limit=60)
    assert path_of(folder(acme), new).exists()
    assert path_of(folder(beta), neighbours).exists()


def run_vacuum(tenant):
    """Have the tenant's daily cleaning run now; a cron worker may be at it just then."""
    [cron] = tenant.client.execute("ir.cron", "search", [["cron_name", "=ilike", "%auto-vacuum%"]])

    def run():
        try:
            tenant.client.execute("ir.cron", "method_direct_trigger", [cron])
        except RpcError as error:
            assert "already executing" in str(error)
            return False
        return True

    seconds_until(run)


def test_the_manager_signs_everybody_out(acme, beta, runtime):
    cookie, neighbours = acme.client.login().cookie, beta.client.login().cookie
    assert (who(acme, cookie), who(beta, neighbours)) == (2, 2)
    sessions.end(runtime, acme.key)
    assert (who(acme, cookie), who(beta, neighbours)) == (None, 2)
    sessions.end(runtime, acme.key)
    assert acme.client.login().cookie
