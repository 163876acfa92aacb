"""What a tenant lets Odoo fetch or send: nothing inside our network hears of it."""

import pytest
from support import listening
from support.gateway_client import RpcError, seconds_until


@pytest.fixture
def closed_port():
    """Something of ours that believes whoever connects to it."""
    with listening.listen() as listener:
        yield listener


# Spellings of this machine; a name is resolved before it is judged.
INSIDE = ["127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0", "[::ffff:127.0.0.1]"]  # noqa: S104


def call_webhook(tenant, url):
    [model] = tenant.client.execute("ir.model", "search", [("model", "=", "res.partner")])
    values = {"name": "Call", "model_id": model, "state": "webhook", "webhook_url": url}
    action = tenant.client.execute("ir.actions.server", "create", values)
    context = {"active_model": "res.partner", "active_id": 1, "active_ids": [1]}
    tenant.client.execute("ir.actions.server", "run", [action], context=context)


def preview_link(tenant, url):
    [partner] = tenant.client.execute("res.partner", "search", [], limit=1)
    body = {"body": f'<a href="{url}">look</a>', "body_is_html": True, "message_type": "comment"}
    message = tenant.client.execute("res.partner", "message_post", [partner], **body)
    tenant.client.login()
    number = message if isinstance(message, int) else message[0]
    tenant.client.call("/mail/link_preview", {"message_id": number})


def try_mail_server(tenant, url):
    host, _colon, port = url.removeprefix("http://").removesuffix("/x").rpartition(":")
    values = {"name": "Mine", "smtp_host": host.strip("[]"), "smtp_port": int(port), "smtp_encryption": "none"}
    server = tenant.client.execute("ir.mail_server", "create", values)
    with pytest.raises(RpcError, match="[Cc]onnect|closed|disconnect|server"):
        tenant.client.execute("ir.mail_server", "test_smtp_connection", [server])
    tenant.client.execute("ir.mail_server", "unlink", [server])


def try_mailbox(tenant, url):
    host, _colon, port = url.removeprefix("http://").removesuffix("/x").rpartition(":")
    values = {"name": "Mine", "server_type": "imap", "server": host.strip("[]"), "port": int(port)}
    server = tenant.client.execute("fetchmail.server", "create", {**values, "user": "x", "password": "x"})
    with pytest.raises(RpcError):
        tenant.client.execute("fetchmail.server", "button_confirm_login", [server])


WAYS = [call_webhook, preview_link, try_mail_server, try_mailbox]


@pytest.mark.parametrize("way", WAYS)
def test_positive_control(acme, open_port, way):
    """What the operator has opened is reached, so these ways do lead out."""
    open_port.heard.clear()
    way(acme, f"http://127.0.0.1:{open_port.port}/x")
    assert seconds_until(lambda: open_port.heard, limit=5) < 5


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", INSIDE)
def test_nothing_inside_is_reached(acme, stack, closed_port, way, host):
    seen = stack.log().count("refused to connect")
    way(acme, f"http://{host}:{closed_port.port}/x")
    seconds_until(lambda: stack.log().count("refused to connect") > seen, limit=5)
    assert closed_port.heard == []


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "192.168.0.1", "[fd00::1]", "[64:ff9b::a9fe:a9fe]"])
def test_metadata_and_private_networks_are_refused_at_once(acme, stack, host):
    seen = stack.log().count("refused to connect")
    call_webhook(acme, f"http://{host}/latest/meta-data")
    assert seconds_until(lambda: stack.log().count("refused to connect") > seen, limit=3) < 3


def test_postgresql_does_not_answer(acme, stack):
    seen = stack.log().count("refused to connect")
    try_mail_server(acme, f"http://127.0.0.1:{stack.server.port}/x")
    assert stack.log().count("refused to connect") > seen


def test_the_relay_is_reached(acme, relay):
    """Mail still leaves: the service's own relay is inside, and open."""
    relay.clear()
    values = {"email_to": "x@example.net", "body_html": "Hello", "auto_delete": False}
    mail = acme.client.execute("mail.mail", "create", values)
    acme.client.execute("mail.mail", "send", [mail])
    assert len(relay.messages()) == 1
