"""Sessions: whose they are, when they end, and what a neighbour's opens."""

import pytest
from support.gateway_client import Client, RpcError


@pytest.fixture
def client(acme):
    """A browser of this test's own."""
    return Client(acme.client.port, acme.client.gevent_port, acme.host, acme.db)


def is_signed_in(client):
    try:
        return client.call("/web/session/get_session_info", {})["uid"] == 2
    except RpcError as error:
        assert "SessionExpired" in str(error)
        return False


def test_a_session_that_was_ended_is_not_replayed(client):
    client.login()
    assert is_signed_in(client)
    cookie = client.cookie
    assert client.request("/web/session/logout").status in (302, 303)
    client.cookie = cookie
    assert not is_signed_in(client)
    assert client.request("/odoo").status == 303
    with pytest.raises(RpcError, match="SessionExpired"):
        client.call("/web/dataset/call_kw", {"model": "res.users", "method": "search", "args": [[]], "kwargs": {}})


def test_a_session_is_not_replayed_after_a_new_password(client, acme):
    """Whoever has stolen one is out when its owner changes the password."""
    values = {"name": "R", "login": "replay", "password": "replay-one"}
    user = acme.client.execute("res.users", "create", values)
    client.login("replay", "replay-one")
    assert client.call("/web/session/get_session_info", {})["uid"] == user
    acme.client.execute("res.users", "write", [user], {"password": "replay-two"})
    with pytest.raises(RpcError, match="SessionExpired"):
        client.call("/web/session/get_session_info", {})
    acme.client.execute("res.users", "unlink", [user])


def test_a_session_that_somebody_else_began_is_left_behind(client):
    """The attacker makes a session and has the victim sign in with it."""
    page = client.request("/web/login")
    planted = page.headers["Set-Cookie"].split("session_id=")[1].split(";")[0]
    client.cookie = planted
    client.login()
    assert client.cookie != planted
    assert is_signed_in(client)
    client.cookie = planted
    assert not is_signed_in(client)


@pytest.mark.parametrize("cookie", ["../../../etc/passwd", "a" * 5000, "%00", "..%2f", "null", "é" * 84])
def test_a_cookie_that_is_no_session(client, cookie):
    client.cookie = cookie.encode().decode("latin-1")
    assert client.request("/odoo").status == 303
    assert not is_signed_in(client)
