"""A host that a tenant has left: links lead on, what is sent is refused with the new address, and not for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from support.gateway_client import RpcError, seconds_until

OLD = "formerly.example.com"


@pytest.fixture
def moved(acme, stack):
    """A tenant that was at another host until now, and how to say until when that leads on."""

    def lead_on(**time):
        stack.directory.set_redirects(acme.key, {OLD: datetime.now(UTC) + timedelta(**time)})
        return acme

    yield lead_on
    stack.directory.set_redirects(acme.key, {})


@pytest.fixture
def acme_moved(moved):
    """A tenant whose old host leads on, for every worker."""
    tenant = moved(hours=1)
    seconds_until(lambda: all(tenant.client.status(host=OLD) == 302 for _ in range(8)))
    return tenant


def location(tenant, path, host=OLD, **options):
    return tenant.client.request(path, host=host, **options).headers["Location"]


def test_a_link_leads_on(acme_moved):
    assert location(acme_moved, "/web/login?redirect=/odoo&x=%C3%A4") == (
        "//acme.example.com/web/login?redirect=/odoo&x=%C3%A4"
    )
    assert (
        location(acme_moved, "/shop/caf%C3%A9", host=f"{OLD.upper()}:8080") == "//acme.example.com:8080/shop/caf%C3%A9"
    )
    assert location(acme_moved, "/", method="HEAD") == "//acme.example.com/"


@pytest.mark.parametrize("path", ["//evil.example.org/", "/%2Fevil.example.org", "/%0d%0aSet-Cookie:x=1"])
def test_it_leads_nowhere_else(acme_moved, path):
    answer = acme_moved.client.request(path, host=OLD)
    assert answer.headers["Location"].startswith("//acme.example.com/")
    assert "Set-Cookie" not in answer.headers


def test_it_is_not_remembered_and_says_where_it_leads(acme_moved):
    answer = acme_moved.client.request("/", host=OLD)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "acme.example.com" in answer.text


def test_what_is_sent_is_refused_with_the_new_address(acme_moved):
    answer = acme_moved.client.request("/web/login", "POST", "login=x", host=OLD)
    assert (answer.status, "Location" in answer.headers) == (410, False)
    assert "acme.example.com" in answer.text
    assert acme_moved.client.execute("res.users", "search_count", [])  # at its own host
    acme_moved.client.host = OLD
    try:
        with pytest.raises(RpcError, match="410.*new address"):
            acme_moved.client.execute("res.users", "search_count", [])
    finally:
        acme_moved.client.host = "acme.example.com"


def test_a_websocket_is_refused(acme_moved):
    answer = acme_moved.client.request("/websocket", host=OLD, Upgrade="websocket", Connection="upgrade")
    assert answer.status == 410


def test_a_suspended_tenants_old_host_leads_to_its_page(acme_moved):
    acme_moved.set_state("suspended", "unpaid")
    seconds_until(lambda: acme_moved.client.everywhere(503))
    assert acme_moved.client.status(host=OLD) == 302


def test_it_ends_by_the_clock(moved):
    tenant = moved(seconds=1.5)
    assert seconds_until(lambda: tenant.client.status(host=OLD) == 302) < 1
    seconds_until(lambda: all(tenant.client.status(host=OLD) == 404 for _ in range(8)), limit=5)


def test_a_gateway_sees_its_own_runtimes_redirects_only(acme_moved, stack):
    assert stack.gateway_sql("SELECT host FROM saas.redirect") == [(OLD,)]
    with stack.cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("UPDATE saas.runtime SET gateway_role = 'somebody_else'")
        try:
            assert stack.gateway_sql("SELECT host FROM saas.redirect") == []
        finally:
            cr.execute("UPDATE saas.runtime SET gateway_role = 'saas_gateway'")
