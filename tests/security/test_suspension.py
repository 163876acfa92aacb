"""A suspended tenant is off everywhere, at once, with its reason; a resumed one is back."""

import threading
import time

import pytest
import websocket
from support.gateway_client import RpcError, seconds_until

REASON = "Invoice <b>42</b> is unpaid & overdue."
ROUTES = [
    "/",
    "/web",
    "/odoo",
    "/web/login",
    "/web/static/img/favicon.ico",
    "/web/health",
    "/web/database/manager",
    "/fr/web/login",
    "/json/1/action-1",
    "/json/2/res.users/search",
    "/saas/sign-in",
    "/web/session/logout",
    "/x/y",
]


def suspend(tenant, state="suspended"):
    """Publish the state and wait until every worker obeys: one that got no request yet looks again after 0.4 s."""
    tenant.set_state(state, REASON)
    time.sleep(0.5)
    seconds_until(lambda: tenant.client.everywhere(503), limit=5)


def seconds_of_others(tenant, status, window=2):
    """Ask all the time, four at once; return when the last answer that was not `status` began to be asked for."""
    start = time.monotonic()
    asked = []

    def ask():
        while time.monotonic() - start < window:
            at = time.monotonic() - start
            asked.append((at, tenant.client.status() == status))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(asked)[1]
    return max((at for at, right in asked if not right), default=0)


def test_suspended_on_all_workers_within_a_second_and_resumed_within_two(acme, beta, figure):
    assert acme.client.everywhere(200)
    acme.set_state("suspended", REASON)
    suspended = seconds_of_others(acme, 503)
    assert beta.client.status() == 200
    acme.set_state("active")
    resumed = seconds_of_others(acme, 200)
    figure("last page of a suspended tenant after", f"{suspended:.2f} s")
    figure("last refusal of a resumed tenant after", f"{resumed:.2f} s")
    assert suspended < 1
    assert resumed < 2


@pytest.mark.parametrize("state", ["suspended", "maintenance"])
def test_every_route_answers_503_with_the_reason(acme, state):
    suspend(acme, state)
    for path in ROUTES:
        page = acme.client.request(path)
        assert page.status == 503, path
        assert "Invoice &lt;b&gt;42&lt;/b&gt; is unpaid &amp; overdue." in page.text
        assert "no-store" in page.headers["Cache-Control"]
        assert ("Retry-After" in page.headers) == (state == "maintenance")
    assert acme.client.request("/", "HEAD").body == b""
    assert acme.client.status("/websocket", port=acme.client.gevent_port) == 503
    with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
        acme.client.websocket()


def test_programs_get_the_reason_in_json(acme):
    suspend(acme)
    answer = acme.client.post_json("/web/dataset/call_kw", {})
    assert answer.status == 503
    error = answer.json()["error"]
    assert error["data"]["message"] == REASON
    assert error["data"]["name"] == "odoo.exceptions.UserError"
    assert acme.client.request("/json/2/res.users/search", "POST", "{}", Accept="application/json").status == 503


def test_rpc_is_refused(acme):
    assert acme.client.execute("res.users", "search_count", []) > 0
    suspend(acme)
    with pytest.raises(RpcError, match="HTTP 503"):
        acme.client.execute("res.users", "search_count", [])
    assert acme.client.status("/xmlrpc/2/common", method="POST", body="<methodCall/>", Content_Type="text/xml") == 503
    large = acme.client.request("/jsonrpc", "POST", b"x" * 60000, Content_Type="application/json")
    assert large.status == 503


def test_an_idle_open_websocket_is_closed_within_a_second(acme, beta, figure):
    with_mine, with_neighbour = (tenant.client.login().websocket() for tenant in (acme, beta))
    time.sleep(1)
    start = time.monotonic()
    acme.set_state("suspended", REASON)
    with_mine.settimeout(5)
    opcode, data = with_mine.recv_data(control_frame=True)
    took = time.monotonic() - start
    figure("idle websocket closed after", f"{took:.2f} s")
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(data[:2], "big") == 1001
    assert took < 1
    with_neighbour.ping()
    with_neighbour.settimeout(5)
    assert with_neighbour.recv_data(control_frame=True)[0] == websocket.ABNF.OPCODE_PONG
    with_neighbour.close()


def test_a_websocket_that_ignores_the_goodbye_is_cut(acme):
    connection = acme.client.login().websocket()
    acme.set_state("suspended", REASON)
    raw = connection.sock
    raw.settimeout(5)
    start = time.monotonic()
    while raw.recv(4096):
        pass
    assert time.monotonic() - start < 2


def test_the_same_session_works_after_resuming(acme):
    acme.client.login()
    suspend(acme)
    acme.set_state("active")
    seconds_until(lambda: acme.client.everywhere(200, "/odoo"), limit=5)
    assert acme.client.call("/web/session/get_session_info", {})["uid"] == 2


def test_a_tenant_that_is_built_is_nobodys(acme):
    acme.set_state("building")
    seconds_until(lambda: acme.client.everywhere(404), limit=5)
