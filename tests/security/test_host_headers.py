"""Host headers in all spellings: a tenant is found by its own names only."""

import pytest
from support import raw_http


@pytest.mark.parametrize(
    "host", ["ACME.Example.COM", "acme.example.com:8069", "acme.example.com.", "acme.EXAMPLE.com.:80"]
)
def test_spelling_of_a_host_makes_no_difference(acme, host):
    assert acme.client.status(host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["nobody.example.com", "acme.other.org", "www.acme.example.com", "acme", "", "[::1]:8069", "a@acme.example.com"],
)
def test_an_unknown_host_is_not_found(acme, host):
    for path in ("/", "/web/login", "/web/static/img/favicon.ico", "/jsonrpc", "/websocket"):
        page = acme.client.request(path, host=host)
        assert page.status == 404, path
        assert "No site at this address" in page.text
        assert "Odoo" not in page.text and "Set-Cookie" not in page.headers


def test_the_nearest_proxys_forwarded_host_counts(acme, beta):
    cookie = beta.client.login().cookie
    forwarded = {"host": "127.0.0.1", "X_Forwarded_Proto": "http", "X_Forwarded_For": "10.0.0.1"}
    for hosts in ("Beta.example.com", "acme.example.com, beta.example.com:443"):
        page = acme.client.request("/odoo", Cookie=f"session_id={cookie}", X_Forwarded_Host=hosts, **forwarded)
        assert page.status == 200
    assert acme.client.status(X_Forwarded_Host="acme.example.com, nobody.example.com", **forwarded) == 404


def ask(tenant, *headers, path="/web/login", version="1.1"):
    """Send a request with exactly these headers."""
    return raw_http.send(tenant.client.port, [f"GET {path} HTTP/{version}", *headers])


def test_positive_control(acme):
    answer = ask(acme, "Host: acme.example.com")
    assert answer.status == 200
    assert 'name="login"' in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "аcme.example.com",  # Cyrillic а
        "xn--cme-5cd.example.com",
        "ａｃｍｅ.example.com",
        "acme。example.com",
        "acme.example.com..",
        ".acme.example.com",
        "acme.example.com:80@beta.example.com",
        "acme.example.com:x",
        "beta.example.com@acme.example.com",
        "acme.example.com/../",
        "acme.example.com#",
        "acme.example.com\\",
        "acme.example.com beta.example.com",
        "acme.example.com,beta.example.com",
        "acme.example.com\t",
        "acme.example.com\x00",
        "acme.example.com\x0b",
        "acme.example.com\x7f",
        "acme.example.com\x85",
        "acme.example.com\xa0",
        "' OR 1=1 --",
        "%61cme.example.com",
        "../acme",
    ],
)
def test_what_only_looks_like_a_host_is_not_found(acme, beta, host):
    """White space around it is HTTP's own, and no part of it."""
    answer = ask(acme, f"Host: {host}".encode())
    expected = (200,) if host.strip(" \t") == "acme.example.com" else (400, 404)
    assert answer.status in expected
    if answer.status == 404:
        assert "No site at this address" in answer.text


@pytest.mark.parametrize("second", ["beta.example.com", "acme.example.com", ""])
def test_two_host_headers_are_no_host(acme, beta, second):
    assert ask(acme, "Host: acme.example.com", f"Host: {second}").status in (400, 404)


def test_no_host_at_all(acme):
    assert ask(acme, version="1.0").status == 404
    assert ask(acme).status in (400, 404)


@pytest.mark.parametrize("size", [300, 10_000, 60_000, 200_000])
def test_a_long_host_is_refused_and_the_worker_goes_on(acme, size):
    assert ask(acme, f"Host: {'a' * size}.example.com").status in (0, 400, 404, 414, 431)
    assert ask(acme, f"Host: acme.example.com{' ' * 10}", f"X: {'a' * 10_000}").status == 200
    assert acme.client.everywhere(200)


def test_a_request_line_with_a_host_counts_as_a_whole(acme, beta):
    """HTTP has it win over the header. Then the session counts there as well: nothing of two tenants is mixed."""
    cookie = acme.client.login().cookie
    line = "GET http://beta.example.com/odoo HTTP/1.1"
    answer = raw_http.send(acme.client.port, [line, "Host: acme.example.com", f"Cookie: session_id={cookie}"])
    assert answer.status in (303, 404)
    assert "/web/login" in answer.head, "beta does not know who it is"


def test_several_forwarded_hosts_are_the_last_ones(acme, beta):
    """What a client sends itself stands before what the proxy adds."""
    cookie = beta.client.login().cookie
    headers = [
        "Host: 127.0.0.1",
        "X-Forwarded-For: 10.0.0.1",
        "X-Forwarded-Proto: http",
        f"Cookie: session_id={cookie}",
    ]
    for hosts, expected in (("acme", "beta"), 200), (("beta", "acme"), 303), (("beta", "nobody"), 404):
        forwarded = [f"X-Forwarded-Host: {host}.example.com" for host in hosts]
        assert ask(acme, *headers, *forwarded, path="/odoo").status == expected, hosts
