"""Mails of real tenants through a real service: counted in the directory, sent under the tenant's own name."""

import pytest
from support.gateway_client import seconds_until

SENT = "SELECT coalesce(sum(mails), 0)::int FROM saas.counter WHERE db = %s"


@pytest.fixture
def mails(relay):
    """What the relay has caught of this test."""
    relay.clear()
    return relay


@pytest.fixture
def tenant(stack, service):
    """A tenant of this test's own."""
    made = stack.create_tenant(f"mail{len(stack.directory.entries())}")
    seconds_until(lambda: made.client.everywhere(200))
    made.sql("DELETE FROM mail_mail")
    return made


def queue(tenant, count=1, **values):
    mail = {"email_to": "x@example.net", "email_from": "boss@beta.example.com", "body_html": "Hello", **values}
    return tenant.client.execute("mail.mail", "create", [{**mail, "auto_delete": False}] * count)


def states(tenant, ids):
    return [(row["state"], row["failure_reason"]) for row in tenant.client.execute("mail.mail", "read", ids)]


def test_the_sixth_waits_until_the_plan_allows_it(tenant, mails, stack, figure):
    stack.directory.set_limits({tenant.key: {"max_mails_hour": 5}})
    ids = queue(tenant, 6)
    tenant.client.execute("mail.mail", "send", ids)
    assert len(mails.messages()) == 5
    *sent, (state, reason) = states(tenant, ids)
    assert {state for state, _ in sent} == {"sent"}
    assert state == "outgoing" and "5 mails an hour" in reason
    assert stack.gateway_sql(SENT, [tenant.db]) == [(5,)]
    stack.directory.set_limits({tenant.key: {"max_mails_hour": 6}})
    took = seconds_until(lambda: send_rest(tenant, ids), limit=5)
    figure("a raised limit lets a mail go after", f"{took:.1f} s")
    assert len(mails.messages()) == 6


def send_rest(tenant, ids):
    tenant.client.execute("mail.mail", "send", ids[-1:])
    return states(tenant, ids)[-1][0] == "sent"


def test_nothing_leaves_a_copy_that_is_worked_on(tenant, mails, stack):
    stack.directory.set_limits({tenant.key: {"max_mails_hour": -1, "max_mails_day": -1}})
    ids = queue(tenant)
    tenant.client.execute("mail.mail", "send", ids)
    [(state, reason)] = states(tenant, ids)
    assert state == "outgoing" and "No mail leaves" in reason
    assert mails.messages() == []
    stack.directory.set_limits({tenant.key: {"max_mails_hour": 0, "max_mails_day": 1}})
    assert send_rest(tenant, ids)


def test_counts_are_out_of_the_tenants_reach(tenant, stack):
    ids = queue(tenant, 2)
    stack.directory.set_limits({tenant.key: {"max_mails_hour": 1}})
    for context in ({"saas_mails_counted": True}, {"saas_mails_counted": {}}):
        tenant.client.execute("mail.mail", "send", ids, context=context)
    assert [state for state, _ in states(tenant, ids)] == ["sent", "outgoing"]


def test_leaves_under_its_own_name(tenant, mails):
    parameters = {"mail.default.from_filter": "beta.example.com", "mail.default.from": "boss@beta.example.com"}
    for key, value in parameters.items():
        tenant.client.execute("ir.config_parameter", "set_param", key, value)
    tenant.client.execute("mail.mail", "send", queue(tenant, email_from='"Boss" <boss@beta.example.com>'))
    [mail] = mails.messages()
    assert mail.envelope == f"bounce@{tenant.host}"
    assert str(mail.message["From"]) == f"Boss <notifications@{tenant.host}>"
