"""RPC names its database itself: only the host's own is served, and none other is given away."""

import time
import xmlrpc.client

import pytest
from support.gateway_client import RpcError

OTHERS = ["beta", "nosuchdatabase", "postgres", "template1", "tpl_gateway_v1", "manager", "", "acme ", "ACME"]
LOGIN = ["admin", "admin"]


def refusal(client, service, method, *args):
    with pytest.raises(RpcError) as caught:
        client.rpc(service, method, *args)
    return str(caught.value)


def test_own_database_works(acme):
    assert acme.client.rpc("common", "login", "acme", *LOGIN) == 2
    assert acme.client.rpc("common", "authenticate", "acme", *LOGIN, {}) == 2
    assert acme.client.execute("res.partner", "search_count", []) > 0
    assert acme.client.rpc("common", "version")["server_serie"]


@pytest.mark.parametrize("db", OTHERS)
def test_a_neighbour_is_refused_like_a_database_that_does_not_exist(acme, beta, db):
    expected = "odoo.exceptions.AccessDenied: Access Denied"
    assert refusal(acme.client, "common", "login", db, *LOGIN) == expected
    assert refusal(acme.client, "common", "authenticate", db, *LOGIN, {}) == expected
    assert refusal(acme.client, "object", "execute_kw", db, 2, "admin", "res.users", "search", [[]]) == expected
    assert refusal(acme.client, "object", "execute", db, 2, "admin", "res.users", "search", []) == expected


@pytest.mark.parametrize("call", ["jsonrpc", "web"])
def test_a_neighbour_takes_no_longer_than_a_database_that_does_not_exist(acme, beta, call):
    """Nobody looks into either: a password is not even compared. The shortest of many tells what it takes."""

    def seconds(db):
        start = time.perf_counter()
        if call == "jsonrpc":
            refusal(acme.client, "common", "login", db, *LOGIN)
        else:
            params = {"db": db, "login": "admin", "password": "admin"}
            assert "error" in acme.client.post_json("/web/session/authenticate", params).json()
        return time.perf_counter() - start

    asked = [(seconds("beta"), seconds("betta")) for _ in range(40)]
    neighbour, nobody = (min(times) for times in zip(*asked, strict=True))
    assert 0.5 < neighbour / nobody < 2
    start = time.perf_counter()
    acme.client.rpc("common", "login", "acme", *LOGIN)
    assert time.perf_counter() - start > 3 * neighbour, "where there is a database, it is the password that takes long"


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("list", []),
        ("db_exist", ["acme"]),
        ("db_exist", ["beta"]),
        ("dump", ["admin", "acme", "zip"]),
        ("drop", ["admin", "acme"]),
        ("create_database", ["admin", "new", False, "en_US"]),
        ("duplicate_database", ["admin", "acme", "copy"]),
        ("rename", ["admin", "acme", "other"]),
        ("change_admin_password", ["admin", "mine"]),
        ("migrate_databases", ["admin", ["acme"]]),
    ],
)
def test_the_database_service_is_closed(acme, method, args):
    assert "AccessDenied" in refusal(acme.client, "db", method, *args)


def test_other_services_and_malformed_calls_are_refused(acme):
    for service, method, args in [
        ("common", "set_loglevel", [1]),
        ("object", "execute_kw", []),
        ("object", "execute_kw", [None, 2, "admin"]),
        ("object", "execute_kw", [["acme"], 2, "admin"]),
        ("report", "render", ["acme"]),
    ]:
        assert "AccessDenied" in refusal(acme.client, service, method, *args)


def test_xmlrpc_meets_the_same_guard(acme):
    def call(service, method, *args):
        body = xmlrpc.client.dumps(args, method)
        answer = acme.client.request(f"/xmlrpc/2/{service}", "POST", body, Content_Type="text/xml")
        return xmlrpc.client.loads(answer.text)[0][0]

    assert call("common", "login", "acme", *LOGIN) == 2
    for db in ("beta", "nosuchdatabase"):
        with pytest.raises(xmlrpc.client.Fault, match="Access Denied"):
            call("common", "login", db, *LOGIN)


def test_the_web_clients_own_login_meets_it_too(acme):
    for db in ("beta", "nosuchdatabase"):
        answer = acme.client.post_json("/web/session/authenticate", {"db": db, "login": "admin", "password": "admin"})
        assert "Database not found" in answer.json()["error"]["data"]["message"]
