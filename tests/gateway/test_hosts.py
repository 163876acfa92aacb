"""Which host gets which answer."""

import pytest
from support.gateway_client import seconds_until
from support.tenant_service import served


@pytest.mark.parametrize("db", ["acme", "beta", "gamma"])
def test_a_host_is_served_by_its_own_database(service, tenants, db):
    page = served(tenants[db]).client.request("/web/login")
    assert page.status == 200
    assert 'name="login"' in page.text


def test_the_process_answers_for_itself_at_hosts_that_are_nobodys(acme):
    page = acme.client.request("/web/health", host="127.0.0.1:8069")
    assert (page.status, page.json()) == (200, {"status": "pass"})
    assert acme.client.status("/web/health", host="127.0.0.1", port=acme.client.gevent_port) == 200


@pytest.mark.parametrize("host", ["acme.example.com", "manager.example.com"])
def test_who_has_to_wait_reads_why(acme, host):
    """Traefik asks for this page in place of its own two words, at whatever host somebody has to wait."""
    page = acme.client.request("/saas/too-many-requests", host=host)
    assert (page.status, page.headers["Retry-After"]) == (429, "60")
    assert "Too many tries" in page.text and "wait a minute" in page.text
    answer = acme.client.request("/saas/too-many-requests", host=host, Accept="application/json").json()
    assert answer["error"]["code"] == 429
    assert "too many sign-ins" in answer["error"]["data"]["message"]


@pytest.mark.parametrize(("accepted", "title"), [("de-AT,de", "Keine Seite"), ("fr", "No site at this address")])
def test_nobodys_host_is_explained_in_the_browsers_language(acme, accepted, title):
    page = acme.client.request("/web/login", host="nobody.example.com", Accept_Language=accepted)
    assert (page.status, title in page.text) == (404, True)


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
