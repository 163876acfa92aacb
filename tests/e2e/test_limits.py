"""A plan that is lowered in the manager reaches a running customer within seconds: users, apps, and who is kept out."""

import uuid

import pytest
from support.browser import open_form, sign_in
from support.demo import RpcError

PASSWORD = "a-password-of-ann"
REFUSED = "allows 2 internal users"
# A user past Odoo: the administrator again, under another name and with the same password.
INSERT = """
    WITH made AS (
        INSERT INTO res_users (login, password, active, share, partner_id, company_id, notification_type)
        SELECT %s, password, true, false, partner_id, company_id, notification_type
          FROM res_users WHERE login = %s RETURNING id)
    INSERT INTO res_groups_users_rel (uid, gid) SELECT id, 1 FROM made"""
CRON = "ir_cron_read_reports"


@pytest.fixture
def plan(demo):
    """A plan of this test's own, with room for three and any app."""
    code = f"p{uuid.uuid4().hex[:8]}"
    return demo.manager.call("saas.plan", "create", {"name": f"Team {code}", "code": code, "max_users": 3})


@pytest.fixture
def tenant(demo, plan, subdomain):
    """A customer's Odoo, as its administrator, with one more user: one place is left."""
    demo.provision(subdomain, plan_id=plan)
    tenant = demo.set_password(subdomain, PASSWORD)
    create(tenant, "bea")
    return tenant


def create(tenant, name):
    return tenant.call("res.users", "create", {"name": name.title(), "login": name})


def refusal(work):
    try:
        work()
    except RpcError as error:
        return str(error)
    return ""


def save(page):
    page.locator(".o_form_button_save:visible").first.click()


def test_a_lowered_plan_refuses_the_next_user(demo, plan, tenant, subdomain, page, screenshot):
    open_form(demo, page, f"saas-plans/{plan}")
    page.fill("div[name=max_users] input", "2")
    page.fill("div[name=apps] input", "contacts, no_such_app")
    page.locator("div[name=code] input").focus()
    page.wait_for_selector("div[name=apps_hint]:has-text('Not known to this Odoo: no_such_app')")
    screenshot("limits-plan")
    save(page)
    page.wait_for_selector(".o_form_view .o_form_saved", state="attached")
    # An app that came in before would be there for good: ask when the plan was published, and each worker has read it.
    waiting = [("method_name", "=", "_job_publish_limits"), ("state", "!=", "done"), ("name", "like", "Team")]
    lowered = lambda: demo.manager.call("saas.plan", "read", [plan], ["max_users"])[0]["max_users"] == 2  # noqa: E731
    demo.wait_for(lambda: lowered() and not demo.manager.call("queue.job", "search_count", waiting), bool)
    page.wait_for_timeout(1000)
    demo.wait_for(lambda: refusal(lambda: install(tenant, "crm")), lambda text: "does not include" in text, seconds=5)
    sign_in(page, tenant.url, tenant.login, PASSWORD)
    page.goto(f"{tenant.url}/odoo/action-base.action_res_users/new")
    page.wait_for_selector(".o_form_view")
    page.locator("div[name=name] input").first.fill("Cid")
    page.locator("div[name=login] input").first.fill("cid@example.com")
    save(page)
    page.wait_for_selector(f".modal:has-text('{REFUSED}')")
    screenshot("limits-refused")
    demo.manager.call("saas.plan", "write", [plan], {"max_users": 3, "apps": False})
    demo.wait_for(lambda: refusal(lambda: create(tenant, "cid")), lambda text: not text, seconds=5)


def install(tenant, name):
    modules = tenant.call("ir.module.module", "search", [("name", "=", name)])
    tenant.call("ir.module.module", "button_install", modules)


def test_the_surplus_is_kept_out_and_everybody_hears_why(demo, plan, tenant, subdomain, page, screenshot):
    demo.manager.call("saas.plan", "write", [plan], {"max_users": 2})
    with demo.superuser(subdomain) as cr:
        cr.execute(INSERT, ["dan", tenant.login])
    demo.wait_for(lambda: refusal(lambda: create(tenant, "x")), lambda text: REFUSED in text, seconds=5)
    demo.wait_for(lambda: demo.tenant(subdomain).sign_in("dan", PASSWORD), lambda uid: not uid, seconds=5)
    page.goto(f"{tenant.url}/web/login")
    page.fill("input[name=login]", "dan")
    page.fill("input[name=password]", PASSWORD)
    page.click("form.oe_login_form button[type=submit]")
    page.wait_for_selector(".alert-danger:has-text('The newest accounts cannot sign in')")
    screenshot("limits-kept-out")
    sign_in(page, tenant.url, tenant.login, PASSWORD)
    page.wait_for_selector(f".o_saas_notice[data-key=users]:has-text('{REFUSED}')")
    screenshot("limits-banner")
    demo.run_cron(CRON)
    instance = demo.manager.call("saas.instance", "search", [("subdomain", "=", subdomain)])
    activities = demo.manager.call("saas.instance", "read", instance, ["activity_ids", "gateway_problem"])[0]
    assert activities["activity_ids"]
    assert "3 internal users, the plan allows 2" in activities["gateway_problem"]
    open_form(demo, page, f"instances/{instance[0]}")
    page.wait_for_selector(".alert:has-text('The newest can')")
    screenshot("limits-manager")
    demo.manager.call("saas.plan", "write", [plan], {"max_users": 3})
    demo.wait_for(lambda: demo.tenant(subdomain).sign_in("dan", PASSWORD), bool, seconds=5)
    demo.run_cron(CRON)
    assert not demo.manager.call("saas.instance", "read", instance, ["gateway_problem"])[0]["gateway_problem"]
