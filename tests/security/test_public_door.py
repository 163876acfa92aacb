"""The same attacks through the proxy, which is the only door that the public has."""

import pytest
from support import proxy, raw_http
from support.gateway_client import seconds_until

DATABASE_MANAGER = [
    "/web/database/manager",
    "/web/database",
    "//web//database/manager",
    "/WEB/Database/manager",
    "/web/./database/manager",
    "/web/x/../database/manager",
    "/%77eb/%64atabase/manager",
    "/web%2Fdatabase%2Fmanager",
    "/web%5cdatabase",
    "/web%252fdatabase",
    "/web/database;x/manager",
    "/web/database%00/manager",
    "/fr/web/database/selector",
    "/xmlrpc/../web/database/manager",
    "/queue_job/runjob?db=manager&job_uuid=x",
    "/fr/queue_job/runjob",
]


@pytest.fixture(scope="module")
def door(stack, service, tmp_path_factory):
    """The proxy's port."""
    if not proxy.program():
        pytest.skip("NO TRAEFIK: `make demo` fetches one")
    with proxy.run(tmp_path_factory.mktemp("traefik"), stack) as port:
        # A moment after it listens it has read its routes.
        seconds_until(lambda: ask(port, "/web/health", "Host: 127.0.0.1").status == 200, limit=20)
        yield port


def ask(port, path, *headers, method="GET"):
    return raw_http.send(port, [f"{method} {path} HTTP/1.1", *headers])


def test_positive_control(door, acme):
    answer = ask(door, "/web/login", "Host: acme.example.com")
    assert answer.status == 200
    assert 'name="login"' in answer.text


@pytest.mark.parametrize("path", DATABASE_MANAGER)
def test_the_database_manager_is_closed(door, acme, path):
    for method in ("GET", "POST", "HEAD"):
        answer = ask(door, path, "Host: acme.example.com", "Content-Length: 0", method=method)
        assert answer.status in (400, 404), method
        assert "database" not in answer.text.lower()


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X_Forwarded_Host", "x-forwarded_host", "X-Forwarded-Server"])
def test_a_forwarded_host_of_the_clients_own_counts_for_nothing(door, acme, beta, name):
    cookie = f"Cookie: session_id={acme.client.login().cookie}"
    acme.client.cookie = None
    for foreign in ("beta.example.com", "nobody.example.com", "acme.example.com, beta.example.com"):
        assert ask(door, "/odoo", "Host: acme.example.com", f"{name}: {foreign}", cookie).status == 200


@pytest.mark.parametrize("name", ["X-Odoo-Database", "X_Odoo_Database", "x-odoo-database"])
def test_a_header_cannot_choose_another_database(door, acme, beta, name):
    for db in ("beta", "nosuchdatabase"):
        answer = ask(door, "/web/login", "Host: acme.example.com", f"{name}: {db}")
        assert answer.status in (200, 404)
        assert "beta" not in answer.text


def test_two_hosts_or_none(door, acme, beta):
    for headers in (("Host: acme.example.com", "Host: beta.example.com"), ("X: y",)):
        assert ask(door, "/web/login", *headers).status in (400, 404)


@pytest.mark.parametrize(
    "host",
    [
        b"acme.example.com\x00",
        b"acme.example.com\x0b",
        b"acme.example.com:80@beta.example.com",
        b"acme.example.com:x",
        b"acme.example.com/",
        "аcme.example.com".encode(),  # Cyrillic а
        b"xn--cme-5cd.example.com",
        b"a" * 10_000 + b".example.com",
    ],
)
def test_what_only_looks_like_a_host_is_refused(door, acme, host):
    assert ask(door, "/web/login", b"Host: " + host).status in (400, 404)


@pytest.mark.parametrize("host", ["ACME.Example.com", "acme.example.com:8080", "acme.example.com."])
def test_spelling_makes_no_difference(door, acme, host):
    assert ask(door, "/web/login", f"Host: {host}").status == 200


def test_a_megabyte_of_headers_is_refused(door, acme):
    assert ask(door, "/web/login", f"Host: {'a' * 1_100_000}").status in (0, 400, 431)
    assert ask(door, "/web/login", "Host: acme.example.com").status == 200


def test_a_request_line_with_a_host_counts_as_a_whole(door, acme, beta):
    cookie = f"Cookie: session_id={acme.client.login().cookie}"
    acme.client.cookie = None
    answer = ask(door, "http://beta.example.com/odoo", "Host: acme.example.com", cookie)
    assert answer.status in (303, 400, 404)


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: xchunked",),
        ("Content-Length: 5", "Content-Length: 60"),
        ("Content-Length: +5",),
    ],
)
def test_a_request_hidden_in_another_is_none_of_odoos(door, acme, headers):
    """Proxy and service agree where a request ends: what follows is looked at by the proxy, or never sent on."""
    hidden = b"0\r\n\r\nGET /web/database/manager HTTP/1.1\r\nHost: acme.example.com\r\nConnection: close\r\n\r\n"
    lines = ["POST /web/login HTTP/1.1", "Host: acme.example.com", "Content-Type: text/plain", *headers]
    answer = raw_http.send(door, lines, hidden)
    assert "master" not in answer.text.lower() and "database manager" not in answer.text.lower()
    assert answer.text.count("HTTP/1.1 200") == 0
    assert ask(door, "/web/login", "Host: acme.example.com").status == 200
