"""A contract from its start to a late payment: real invoices, a real instance behind the real door."""

import time

import pytest
from support.browser import choose, open_form, press
from support.subscriptions import make_late, read, starter, subscribe


def pay(demo, move):
    call = demo.manager.call
    context = {"active_model": "account.move", "active_ids": [move]}
    wizard = call("account.payment.register", "create", {}, context=context)
    call("account.payment.register", "action_create_payments", [wizard], context=context)


@pytest.fixture
def late(demo, subdomain):
    """A running contract whose invoice was due long ago."""
    return make_late(demo, subdomain)


def test_unpaid_is_switched_off_and_a_payment_brings_it_back(demo, late, subdomain):
    contract, instance, move = late
    tenant = demo.tenant(subdomain)
    assert tenant.get("/web/login").status_code == 200
    demo.run_cron("ir_cron_dun")
    demo.wait_for(lambda: read(demo, contract, "state"), lambda state: state == "suspended")
    # Each worker of the tenants reads the directory for itself: one after the other.
    page = lambda: tenant.get("/", headers={"Accept": "text/html"}).text  # noqa: E731
    demo.wait_for(page, lambda text: "invoice is not paid" in text, seconds=10)
    demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda status: status == 503, seconds=10)
    assert demo.read(instance, "state") == "suspended"
    subject = f"Your subscription {read(demo, contract, 'name')} is suspended"
    address = f"owner@{subdomain}.example"
    mails = demo.wait_for(lambda: demo.messages_to(address), lambda found: subject in str(found), seconds=90)
    assert "Reminder" not in str(mails), "who is switched off hears of that, not of what was missed before"

    pay(demo, move)
    paid_at = time.monotonic()
    assert read(demo, contract, "state") == "active"
    demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda status: status == 200, seconds=5)
    assert time.monotonic() - paid_at < 2


def assert_may_shrink(demo, contract):
    """A smaller plan waits for the end of the period, and is asked of the real database whether it fits."""
    call, context = demo.manager.call, {"default_subscription_id": contract}
    wizard = call("saas.subscription.change.wizard", "create", {"plan_id": starter(demo)}, context=context)
    [found] = call("saas.subscription.change.wizard", "read", [wizard], ["is_now", "problems", "recurring"])
    assert (found["is_now"], found["problems"], found["recurring"]) == (False, False, 19)
    [instance] = read(demo, contract, "instance_ids")
    name = demo.read(instance, "subdomain")
    tenant = demo.set_password(name, "a password for the test")
    for number in range(4):
        tenant.call("res.users", "create", {"name": f"User {number}", "login": f"user{number}@{name}.example"})
    [found] = call("saas.subscription.change.wizard", "read", [wizard], ["problems"])
    assert "the new limit is 3" in found["problems"]


def test_start_change_and_cancel_in_the_browser(demo, page, screenshot, subdomain):
    contract, instance = subscribe(demo, subdomain)
    open_form(demo, page, f"saas-subscriptions/{contract}")
    screenshot("subscription-draft")
    press(page, "action_start")
    page.wait_for_selector("text=What Happens Next")
    demo.wait_for_state(instance, "active")
    page.reload()
    page.wait_for_selector("text=What Happens Next")
    page.wait_for_selector(".o_field_statusbar")
    page.wait_for_timeout(500)  # on a phone 19.0 first draws the header as wide as a desktop's
    screenshot("subscription")
    press(page, "action_open_change_wizard")
    page.wait_for_selector(".modal div[name=plan_id]")
    choose(page, "plan_id", "Professional")
    page.wait_for_selector(".modal div[name=amount]:has-text('40.00')")
    screenshot("subscription-change")
    page.click(".modal button[name=action_confirm]")
    page.wait_for_selector(".modal", state="detached")
    assert read(demo, contract, "plan_id")[1] == "Professional"
    assert read(demo, contract, "invoice_count") == 2
    assert_may_shrink(demo, contract)
    press(page, "action_open_cancel_wizard")
    page.wait_for_selector(".modal div[name=when]")
    screenshot("subscription-cancel")
    page.click(".modal button[name=action_confirm]")
    page.wait_for_selector(".o_form_view .alert:has-text('Cancelled as of')")
    screenshot("subscription-cancelled")
    assert read(demo, contract, "cancel_on")
    for view in ("list", "kanban"):
        page.goto(f"{demo.manager.url}/odoo/saas-subscriptions")
        page.wait_for_selector(".o_list_view, .o_kanban_view")
        if view == "kanban" and page.locator(".o_switch_view.o_kanban:visible").count():
            page.click(".o_switch_view.o_kanban")
            page.wait_for_selector(".o_kanban_view")
        screenshot(f"subscriptions-{view}")


def confirm(page):
    page.click(".modal button[name=action_confirm]")
    page.wait_for_selector(".modal", state="detached")


def agree(page):
    """Confirm what a button asks before it does something."""
    page.click(".modal .modal-footer .btn-primary")
    page.wait_for_selector(".modal", state="detached")


@pytest.fixture
def running(demo, page, subdomain):
    """A contract that runs, on its form; with its instance and a way to wait for what visitors get."""
    contract, instance = subscribe(demo, subdomain)
    demo.manager.call("saas.subscription", "action_start", [contract])
    demo.wait_for_state(instance, "active")
    tenant = demo.tenant(subdomain)

    def wait_for_status(status):
        demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda found: found == status, seconds=10)

    open_form(demo, page, f"saas-subscriptions/{contract}")
    return contract, instance, wait_for_status


def test_suspend_and_resume_in_the_browser(demo, page, screenshot, running, subdomain):
    _contract, _instance, wait_for_status = running
    press(page, "action_open_suspend_wizard")
    page.fill(".modal div[name=reason] input", "We move house.")
    screenshot("subscription-suspend")
    confirm(page)
    page.wait_for_selector(".o_form_view .alert:has-text('We move house.')")
    screenshot("subscription-suspended")
    wait_for_status(503)
    assert "We move house." in demo.tenant(subdomain).get("/", headers={"Accept": "text/html"}).text
    press(page, "action_resume")
    agree(page)
    page.wait_for_selector(".o_form_view .alert:has-text('We move house.')", state="detached")
    wait_for_status(200)


def refuse_wrong_number(page):
    page.fill(".modal div[name=confirmation] input", "something else")
    page.click(".modal button[name=action_confirm]")
    page.wait_for_selector(".modal:has-text('Type the number')")
    page.click(".modal:has-text('Type the number') .modal-footer button >> nth=0")


def test_terminate_and_undo_in_the_browser(demo, page, screenshot, running, subdomain):
    contract, instance, wait_for_status = running
    press(page, "action_terminate")
    page.wait_for_selector(".modal div[name=confirmation] input")
    screenshot("subscription-terminate")
    refuse_wrong_number(page)
    page.fill(".modal div[name=confirmation] input", read(demo, contract, "name"))
    confirm(page)
    page.wait_for_selector(".o_form_view .ribbon:has-text('Ended')")
    screenshot("subscription-terminated")
    assert (read(demo, contract, "end_cause"), demo.read(instance, "state")) == ("company", "terminating")
    wait_for_status(503)
    press(page, "action_resume")
    agree(page)
    page.wait_for_selector(".o_form_view .ribbon:has-text('Ended')", state="detached")
    assert (read(demo, contract, "state"), demo.read(instance, "state")) == ("active", "active")
    wait_for_status(200)
    mails = demo.wait_for(
        lambda: demo.messages_to(f"owner@{subdomain}.example"), lambda found: "runs again" in str(found), seconds=90
    )
    assert "has begun" in str(mails) and "is over" in str(mails)


def test_the_report_in_the_browser(demo, page, screenshot, subdomain):
    contract, _instance = subscribe(demo, subdomain)
    demo.manager.call("saas.subscription", "action_start", [contract])
    open_form(demo, page, f"saas-subscriptions/{contract}")
    page.goto(f"{demo.manager.url}/odoo/saas-revenue")
    page.wait_for_selector(".o_graph_view canvas")
    page.wait_for_timeout(1200)  # the plot grows
    screenshot("revenue-graph")
    page.goto(f"{demo.manager.url}/odoo/saas-revenue?view_type=pivot")
    page.wait_for_selector(".o_pivot_view table")
    screenshot("revenue-pivot")
    assert "MRR" in page.locator(".o_pivot_view table").inner_text()
    rows = demo.manager.call(
        "saas.subscription.report", "search_read", [("subscription_id", "=", contract)], ["mrr", "new_mrr"]
    )
    assert [(row["mrr"], row["new_mrr"]) for row in rows] == [(19, 19)]
