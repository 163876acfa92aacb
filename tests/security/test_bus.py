"""A message of the bus reaches the other user's open browser."""

import json
import time

import websocket


def subscribe(connection, *channels):
    connection.send(json.dumps({"event_name": "subscribe", "data": {"channels": channels, "last": 0}}))


def receive(connection, kind, seconds=10):
    """Return (payload, seconds waited) of the first notification of this type."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        connection.settimeout(seconds)
        for notification in json.loads(connection.recv()):
            if notification["message"]["type"] == kind:
                return notification["message"]["payload"], time.monotonic() - start
    raise AssertionError(f"no {kind} within {seconds} s")


def make_user(tenant, login):
    values = {"name": login.title(), "login": login, "password": f"{login}-password"}
    return tenant.client.execute("res.users", "create", values)


def open_chat(client, partner):
    """Return the id of a chat with a partner."""
    values = {"name": "Chat", "channel_type": "group", "channel_partner_ids": [(4, partner)]}
    return client.execute("discuss.channel", "create", values)


def test_a_chat_message_is_delivered_to_the_other_user(beta, acme, figure):
    user = make_user(beta, "mia")
    [partner] = beta.client.execute("res.users", "read", [user], ["partner_id"])
    channel_id = open_chat(beta.client, partner["partner_id"][0])
    mia = type(beta.client)(beta.client.port, beta.client.gevent_port, beta.host, beta.db).login("mia", "mia-password")
    listening, neighbour = mia.websocket(), acme.client.login().websocket()
    thief = stolen(acme, stolen(beta, None).login("mia", "mia-password").cookie).websocket()
    for connection in (listening, neighbour):
        subscribe(connection)
    subscribe(thief, f"discuss.channel_{channel_id}", f"res.partner_{partner['partner_id'][0]}", "broadcast")
    time.sleep(1)
    start = time.monotonic()
    data = {"body": "Hello Mia", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
    beta.client.execute("discuss.channel", "message_post", [channel_id], **data)
    payload, _ = receive(listening, "discuss.channel/new_message")
    figure("chat message delivered after", f"{time.monotonic() - start:.2f} s")
    assert "Hello Mia" in json.dumps(payload)
    for connection in (neighbour, thief):
        assert_silent(connection)
    for connection in (listening, neighbour, thief):
        connection.close()


def stolen(tenant, cookie):
    """Return a browser at a tenant's host with a session of the neighbour's."""
    client = type(tenant.client)(tenant.client.port, tenant.client.gevent_port, tenant.host, tenant.db)
    client.cookie = cookie
    return client


def assert_silent(connection):
    """The neighbour's browser hears nothing of it, and whoever takes a session to another host neither."""
    connection.settimeout(1)
    try:
        heard = connection.recv()
    except websocket.WebSocketTimeoutException:
        return
    assert "Hello Mia" not in heard
