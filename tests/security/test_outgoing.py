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
# A cloud's metadata, private networks, a Kubernetes cluster's services, and IPv6 addresses that hide an IPv4 one.
FAR_INSIDE = ["169.254.169.254", "10.0.0.1", "192.168.0.1", "172.20.0.1", "100.64.0.1", "10.43.0.1", "[fd00::1]"]
HIDDEN = ["[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[::ffff:a9fe:a9fe]", "[::1]", "[::]", "0x7f.1", "017700000001"]


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
    # Odoo 19.0 asks for the address of whoever tries.
    tenant.client.execute("res.users", "write", [2], {"email": "admin@example.com"})
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


@pytest.mark.parametrize("host", [*FAR_INSIDE, *HIDDEN])
def test_metadata_and_private_networks_are_refused_at_once(acme, stack, host):
    seen = stack.log().count("refused to connect")
    call_webhook(acme, f"http://{host}/latest/meta-data")
    assert seconds_until(lambda: stack.log().count("refused to connect") > seen, limit=3) < 3


@pytest.mark.parametrize("way", [call_webhook, preview_link])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_from_outside_leads_nowhere_inside(acme, stack, open_port, closed_port, way, status):
    """The page that is asked for may be anybody's, and send whoever asks on to where it likes."""
    seen = stack.log().count("refused to connect")
    open_port.heard.clear()
    location = f"http://127.0.0.1:{closed_port.port}/x"
    open_port.answer = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    try:
        # A webhook waits a second for an answer, which is little on a busy machine.
        ask = lambda: way(acme, f"http://127.0.0.1:{open_port.port}/{status}")  # noqa: E731
        seconds_until(lambda: ask() or stack.log().count("refused to connect") > seen, limit=20)
    finally:
        open_port.answer = b""
    assert open_port.heard, "the first page was asked for"
    assert closed_port.heard == []


@pytest.mark.parametrize("port", [6443, 8069, 8169])
def test_the_ports_of_a_cluster_and_of_the_manager(acme, stack, port):
    seen = stack.log().count(f"refused to connect to 127.0.0.1 port {port}")
    call_webhook(acme, f"http://127.0.0.1:{port}/queue_job/runjob?db=manager&job_uuid=x")
    assert seconds_until(lambda: stack.log().count(f"refused to connect to 127.0.0.1 port {port}") > seen, limit=3) < 3


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
