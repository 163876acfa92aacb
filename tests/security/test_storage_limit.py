"""Storage of real tenants: what the manager publishes decides, in every worker, within seconds."""

import base64
import datetime
import time

import pytest
from support.gateway_client import RpcError, seconds_until


@pytest.fixture
def tenant(stack, service):
    """A tenant of this test's own, with 10 MB of storage."""
    made = stack.create_tenant(f"room{len(stack.directory.entries())}")
    seconds_until(lambda: made.client.everywhere(200))
    stack.directory.set_limits(
        {made.key: {"max_storage_mb": 10, "plan_name": "Starter", "contact": "boss@example.com"}}
    )
    return made


def measured(stack, tenant, used_mb):
    """Publish a use, as the manager does after each measure."""
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    notice = {"used_mb": used_mb, "percent": used_mb * 10, "measured_at": now.isoformat(), "since": None}
    stack.directory.set_notices({tenant.key: {"storage": notice}})


def upload(tenant, content=b"content"):
    values = {"name": "a.txt", "datas": base64.b64encode(content).decode()}
    return tenant.client.execute("ir.attachment", "create", values)


def is_refused(tenant):
    try:
        upload(tenant)
    except RpcError as error:
        assert str(error).startswith("odoo.exceptions.UserError"), "or the web client shows it as a crash"
        assert "the plan Starter has 10 MB of storage" in str(error) and "boss@example.com" in str(error)
        return True
    return False


def test_refused_until_the_next_measure(tenant, stack, figure):
    measured(stack, tenant, 2)
    seconds_until(lambda: not is_refused(tenant), limit=5)
    measured(stack, tenant, 10.2)
    took = seconds_until(lambda: is_refused(tenant), limit=5)
    figure("a full storage refuses uploads after", f"{took:.1f} s")
    # Each worker has a copy of the directory, at most half a second old: then every one says so.
    seconds_until(lambda: all(is_refused(tenant) for _ in range(6)), limit=5)
    measured(stack, tenant, 9)
    took = seconds_until(lambda: not is_refused(tenant), limit=5)
    figure("room again lets uploads in after", f"{took:.1f} s")


def test_a_raised_limit_counts_at_once(tenant, stack):
    measured(stack, tenant, 10)
    seconds_until(lambda: is_refused(tenant), limit=5)
    stack.directory.set_limits({tenant.key: {"max_storage_mb": 20, "plan_name": "Starter"}})
    seconds_until(lambda: not is_refused(tenant), limit=5)


def test_what_was_stored_since_counts(tenant, stack):
    measured(stack, tenant, 5)
    seconds_until(lambda: not is_refused(tenant), limit=5)
    for number in range(4):
        upload(tenant, bytes([number]) * 2**20)
    with pytest.raises(RpcError, match="9.0 MB of it are in use"):
        upload(tenant, b"x" * 2**20)


def test_mail_arrives_and_assets_are_made_when_it_is_full(tenant, stack):
    measured(stack, tenant, 11)
    seconds_until(lambda: is_refused(tenant), limit=5)
    mail = (
        "From: jane@example.org\nTo: x@example.com\nSubject: A file\nMessage-Id: <full@example.org>\n"
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nHere.\n'
        '--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="arrived.txt"\n\nIt arrived.\n--b--\n'
    )
    tenant.client.execute("mail.thread", "message_process", "res.partner", mail, thread_id=1)
    domain = [("name", "=", "arrived.txt"), ("res_model", "=", "res.partner")]
    assert tenant.client.execute("ir.attachment", "search_count", domain) == 1
    tenant.sql("DELETE FROM ir_attachment WHERE url LIKE '/web/assets/%'")
    time.sleep(1)
    page = tenant.client.request("/web/login").text
    [path] = [part.split('"')[0] for part in page.split('href="')[1:] if "/web/assets/" in part.split('"')[0]][:1]
    assert tenant.client.status(path) == 200


def test_deleting_works_and_gives_the_space_back(tenant, stack):
    measured(stack, tenant, 2)
    seconds_until(lambda: not is_refused(tenant), limit=5)
    content = f"only here {tenant.key}".encode() * 1000
    attachment = upload(tenant, content)
    [[name]] = tenant.sql("SELECT store_fname FROM ir_attachment WHERE id = %s", [attachment])
    path = stack.data / "filestore" / tenant.db / name
    assert path.exists()
    measured(stack, tenant, 11)
    seconds_until(lambda: all(is_refused(tenant) for _ in range(6)), limit=5)
    tenant.client.execute("ir.attachment", "unlink", [attachment])
    seconds_until(lambda: not path.exists(), limit=30, step=0.2)


def test_administrators_are_told(tenant, stack):
    stack.directory.set_notices({tenant.key: {"past_due": {"since": "2026-01-15", "until": "2026-01-29"}}})

    def notices():
        return tenant.client.execute("saas.tenant.notice", "get_notices")

    seconds_until(lambda: [notice["key"] for notice in notices()] == ["past_due"], limit=5)
    stack.directory.set_notices({tenant.key: {}})
    seconds_until(lambda: notices() == [], limit=5)
    page = tenant.client.execute("saas.tenant.plan", "get_page")
    assert page["plan"] == "Starter"
    mails = next(meter for meter in page["meters"] if meter["code"] == "mails")
    assert mails["text"].startswith("0"), "counted by the directory"
