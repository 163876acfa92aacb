"""A plan whose storage is used up: from the measure to the refusal, and what administrators read of it."""

import time
import uuid
from datetime import date, timedelta

import pytest
from support.browser import open_form, sign_in

PASSWORD = "a password for the storage"
REPORT = "base.report_irmodulereference"


@pytest.fixture
def plan(demo):
    """A plan of this test's own, with room for everything."""
    values = {"name": "Tiny", "code": f"tiny-{uuid.uuid4().hex[:8]}", "max_storage_gb": 5, "max_users": 7}
    return demo.manager.call("saas.plan", "create", {**values, "price_month": 0, "price_year": 0, "trial_days": 0})


@pytest.fixture
def tenant(demo, plan, subdomain):
    """An instance with that plan, whose use was measured, and its Odoo; (id, Odoo)."""
    instance = demo.provision(subdomain, plan_id=plan)
    odoo = demo.set_password(subdomain, PASSWORD)
    odoo.session_info(odoo.login, PASSWORD)
    measure(demo, instance)
    return instance, odoo


def measure(demo, instance):
    before = demo.read(instance, "measured_at")
    demo.manager.call("saas.instance", "action_measure_use", [instance])
    demo.wait_for(lambda: demo.read(instance, "measured_at"), lambda at: at and at != before, seconds=60)


def set_limit(demo, plan, instance, percent):
    """Let what is used be that much of the plan, and wait until that is published; return when it was."""
    used = demo.read(instance, "storage_used_mb")
    assert used > 10
    domain = [("method_name", "=", "_job_publish_limits"), ("state", "!=", "done"), ("name", "like", "Tiny")]
    demo.manager.call("saas.plan", "write", [plan], {"max_storage_gb": used / percent * 100 / 1024})
    demo.wait_for(lambda: demo.manager.call("queue.job", "search_count", domain), lambda jobs: jobs == 0, seconds=60)
    return time.monotonic()


def refusal(demo, tenant):
    """Try to store a file; return why it was refused, or None."""
    try:
        tenant.call("ir.attachment", "create", {"name": "a.txt", "raw": uuid.uuid4().hex})
    except demo.RpcError as error:
        return str(error)
    return None


def keys(tenant):
    """Return what administrators are told at this moment."""
    return [notice["key"] for notice in tenant.call("saas.tenant.notice", "get_notices")]


def attach(page, url):
    """Attach a file to the administrator's contact, with the paper clip."""
    page.goto(f"{url}/odoo/res.partner/3")
    page.wait_for_selector(".o-mail-Chatter")
    page.locator(".o-mail-Chatter-fileUploader input, .o-mail-Chatter input[type=file]").first.set_input_files(
        [{"name": "mine.txt", "mimeType": "text/plain", "buffer": b"What is mine."}]
    )


def test_full_storage_from_the_measure_to_the_refusal(demo, page, tenant, plan, subdomain, screenshot):
    instance, odoo = tenant
    sign_in(page, odoo.url, odoo.login, PASSWORD)
    for path in ("your-plan", "res.partner/3"):  # what Odoo makes for its pages is stored before it is measured
        page.goto(f"{odoo.url}/odoo/{path}")
        page.wait_for_selector(".o_saas_plan_meter, .o-mail-Chatter")
    measure(demo, instance)
    set_limit(demo, plan, instance, 97)
    demo.run_cron("ir_cron_check_limits")
    demo.wait_for(lambda: demo.read(instance, "storage_level"), lambda level: level == 95, seconds=60)
    page.reload()
    page.wait_for_selector(".o_saas_notice[data-key='storage-95']:has-text('% of the storage are used')")
    assert not page.locator(".o_saas_notice_dismiss").count(), "nobody should forget this one"
    screenshot("storage-95")
    # 19.0 opens a chat over a phone's page at the first visit.
    page.locator(".o_saas_notice a:has-text('Your plan')").dispatch_event("click")
    page.wait_for_selector(".o_saas_plan_meter[data-code=storage] .bg-danger")
    assert page.locator("h1:has-text('Tiny')").count()
    page.wait_for_timeout(500)
    screenshot("storage-plan")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    set_limit(demo, plan, instance, 110)
    reason = demo.wait_for(lambda: refusal(demo, odoo), bool, seconds=5)
    assert "the plan Tiny has" in reason or "the plan tiny-" in reason
    attach(page, odoo.url)
    page.wait_for_selector(".o_notification:has-text('of storage, and')")
    page.wait_for_selector(".o_saas_notice[data-key='storage-100']")
    page.wait_for_timeout(600)  # until it has faded in
    screenshot("storage-refused")
    assert_documents_are_made(demo, odoo)

    published_at = set_limit(demo, plan, instance, 50)
    demo.wait_for(lambda: refusal(demo, odoo), lambda reason: reason is None, seconds=5)
    assert time.monotonic() - published_at < 5
    attach(page, odoo.url)
    page.wait_for_selector(".o-mail-AttachmentCard, .o-mail-AttachmentList :text('mine')")
    assert not page.locator(".o_saas_notice").count()

    subject = "% of the storage are used"
    mails = demo.wait_for(
        lambda: [mail for mail in demo.messages_to(f"owner@{subdomain}.example") if subject in str(mail)], bool, 90
    )
    assert len(mails) == 1
    open_form(demo, page, f"instances/{instance}")
    page.wait_for_selector("div[name=storage_percent]")
    screenshot("storage-instance")


def assert_documents_are_made(demo, odoo):
    """What Odoo prints is printed, and kept where the report says so, while people's files are refused."""
    if odoo.call("ir.actions.report", "get_wkhtmltopdf_state") == "install":
        pytest.skip("no wkhtmltopdf on this machine: nothing was printed")
    [report] = odoo.call("ir.actions.report", "search", [("report_name", "=", REPORT)])
    odoo.call("ir.actions.report", "write", [report], {"attachment": "'kept.pdf'"})
    [module] = odoo.call("ir.module.module", "search", [("name", "=", "web")])
    _path, answer = odoo.visit(f"/report/pdf/{REPORT}/{module}")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF"), answer.text[:500]
    kept = [("name", "=", "kept.pdf"), ("res_model", "=", "ir.module.module"), ("res_id", "=", module)]
    assert odoo.call("ir.attachment", "search_count", kept) == 1
    assert refusal(demo, odoo), "and still no file of a person"


def test_an_overdue_payment_is_said_until_it_is_paid(demo, page, tenant, plan, screenshot):
    instance, odoo = tenant
    call, day = demo.manager.call, (date.today() - timedelta(days=5)).isoformat()
    call("saas.plan", "write", [plan], {"price_month": 19})
    values = {"partner_id": demo.read(instance, "partner_id")[0], "plan_id": plan, "trial_days": 0, "start_date": day}
    contract = call("saas.subscription", "create", values)
    call("saas.instance", "write", [instance], {"subscription_id": contract})
    call("saas.subscription", "action_start", [contract])
    [move] = call("saas.subscription", "read", [contract], ["move_ids"])[0]["move_ids"]
    call("account.move", "button_draft", [move])
    call("account.move", "write", [move], {"invoice_date": day, "invoice_date_due": day})
    call("account.move", "action_post", [move])
    demo.run_cron("ir_cron_dun")
    demo.wait_for(lambda: keys(odoo), lambda found: found == ["past_due"], seconds=60)
    sign_in(page, odoo.url, odoo.login, PASSWORD)
    notice = page.wait_for_selector(".o_saas_notice[data-key='past_due']:has-text('is suspended')")
    assert f"/my/invoices/{move}" in notice.query_selector("a").get_attribute("href")
    page.wait_for_selector(".o_action_manager > *")
    screenshot("past-due")
    context = {"active_model": "account.move", "active_ids": [move]}
    wizard = call("account.payment.register", "create", {}, context=context)
    call("account.payment.register", "action_create_payments", [wizard], context=context)
    demo.wait_for(lambda: keys(odoo), lambda found: found == [], seconds=5)
    # Each worker hears of it for itself, within half a second.
    demo.wait_for(lambda: count_notices(page, odoo.url), lambda count: count == 0, seconds=5)


def count_notices(page, url):
    page.goto(f"{url}/odoo/your-plan")
    page.wait_for_selector(".o_saas_plan_meter")
    return page.locator(".o_saas_notice").count()
