"""Which host gets which answer."""

import pytest
from support.gateway_client import seconds_until


@pytest.mark.parametrize("db", ["acme", "beta", "gamma"])
def test_a_host_is_served_by_its_own_database(service, tenants, db):
    page = tenants[db].client.request("/web/login")
    assert page.status == 200
    assert 'name="login"' in page.text


@pytest.mark.parametrize(
    "host", ["ACME.Example.COM", "acme.example.com:8069", "acme.example.com.", "acme.EXAMPLE.com.:80"]
)
def test_spelling_of_a_host_makes_no_difference(acme, host):
    assert acme.client.status(host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["nobody.example.com", "acme.other.org", "www.acme.example.com", "acme", "", "[::1]:8069", "a@acme.example.com"],
)
@pytest.mark.parametrize("path", ["/", "/web/login", "/web/static/img/favicon.ico", "/jsonrpc", "/websocket"])
def test_an_unknown_host_is_not_found(acme, host, path):
    page = acme.client.request(path, host=host)
    assert page.status == 404
    assert "No site at this address" in page.text
    assert "Odoo" not in page.text and "Set-Cookie" not in page.headers


def test_the_process_answers_for_itself_at_hosts_that_are_nobodys(acme):
    page = acme.client.request("/web/health", host="127.0.0.1:8069")
    assert (page.status, page.json()) == (200, {"status": "pass"})
    assert acme.client.status("/web/health", host="127.0.0.1", port=acme.client.gevent_port) == 200


def test_the_nearest_proxys_forwarded_host_counts(acme, beta):
    cookie = beta.client.login().cookie
    forwarded = {"host": "127.0.0.1", "X_Forwarded_Proto": "http", "X_Forwarded_For": "10.0.0.1"}
    for hosts in ("Beta.example.com", "acme.example.com, beta.example.com:443"):
        page = acme.client.request("/odoo", Cookie=f"session_id={cookie}", X_Forwarded_Host=hosts, **forwarded)
        assert page.status == 200
    assert acme.client.status(X_Forwarded_Host="acme.example.com, nobody.example.com", **forwarded) == 404


@pytest.mark.parametrize(
    "path",
    [
        "/web/database",
        "/web/database/selector",
        "/web/database/manager",
        "/web/database/list",
        "/web/database/backup",
        "//web//database/manager",
        "/web//database/manager",
        "/./web/./database/manager",
        "/fr/web/database/manager",
        "/pt_BR/web/database/selector",
        "/sr@latin/web/database/selector",
        "/%77eb/%64atabase/manager",
        "/web%2Fdatabase%2Fmanager",
        "/WEB/Database/manager",
        "/web/database/manager?db=acme",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_database_manager_is_closed(acme, path, method):
    answer = acme.client.request(path, method, body="" if method == "POST" else None)
    assert answer.status == 404
    assert "database" not in answer.text.lower()


def test_a_path_that_only_resembles_the_database_manager_is_odoos(acme):
    page = acme.client.request("/website/web-database")
    assert page.status == 404
    assert "There is nothing at this address." not in page.text


@pytest.mark.parametrize("host", ["acme.example.com", "manager.example.com"])
def test_who_has_to_wait_reads_why(acme, host):
    """Traefik asks for this page in place of its own two words, at whatever host somebody has to wait."""
    page = acme.client.request("/saas/too-many-requests", host=host)
    assert (page.status, page.headers["Retry-After"]) == (429, "60")
    assert "Too many tries" in page.text and "wait a minute" in page.text
    answer = acme.client.request("/saas/too-many-requests", host=host, Accept="application/json").json()
    assert answer["error"]["code"] == 429
    assert "too many sign-ins" in answer["error"]["data"]["message"]


def test_a_new_tenant_and_a_new_host_are_there_at_once(acme, stack):
    tenant = stack.create_tenant("delta", hosts=["shop.customer.net"])
    assert seconds_until(lambda: tenant.client.status() == 200, limit=3) < 3
    assert all(tenant.client.status(host="shop.customer.net") == 200 for _ in range(4))


def test_a_renamed_database_keeps_its_role(stack, service):
    tenant = stack.create_tenant("epsilon")
    assert tenant.client.status() == 200
    entry = stack.directory.entry(tenant.key)
    stack.cluster.rename("epsilon", "zeta", tenant.key)
    stack.directory.publish(type(entry)("zeta", tenant.key, "shared", hosts=("zeta.example.com",)))
    seconds_until(lambda: tenant.client.status(host="zeta.example.com") == 200, limit=5)
    seconds_until(lambda: all(tenant.client.status() == 404 for _ in range(6)), limit=2)


def test_a_neighbours_session_cookie_opens_nothing(acme, beta):
    cookie = beta.client.login().cookie
    beta.client.cookie = None
    answer = acme.client.post_json("/web/session/get_session_info", {})
    assert "error" in answer.json()
    page = acme.client.request("/odoo", Cookie=f"session_id={cookie}")
    assert page.status == 303 and "/web/login" in page.headers["Location"]


@pytest.mark.parametrize("query", ["?db=beta", "?db=postgres", "?db=tpl_gateway_v1"])
def test_the_address_cannot_choose_another_database(acme, query):
    page = acme.client.request(f"/web/login{query}")
    assert page.status in (200, 303)
    assert "beta" not in page.headers.get("Location", "")


@pytest.mark.parametrize("db", ["beta", "postgres", "nosuchdatabase", ""])
def test_a_header_cannot_choose_another_database(acme, db):
    assert acme.client.status(X_Odoo_Database=db) == 404
    assert acme.client.status(X_Odoo_Database="acme") == 200
