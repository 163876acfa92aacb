"""Host headers in all spellings: a tenant is found by its own names only."""

import pytest


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


def test_the_nearest_proxys_forwarded_host_counts(acme, beta):
    cookie = beta.client.login().cookie
    forwarded = {"host": "127.0.0.1", "X_Forwarded_Proto": "http", "X_Forwarded_For": "10.0.0.1"}
    for hosts in ("Beta.example.com", "acme.example.com, beta.example.com:443"):
        page = acme.client.request("/odoo", Cookie=f"session_id={cookie}", X_Forwarded_Host=hosts, **forwarded)
        assert page.status == 200
    assert acme.client.status(X_Forwarded_Host="acme.example.com, nobody.example.com", **forwarded) == 404
