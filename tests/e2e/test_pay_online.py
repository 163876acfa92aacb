"""A customer pays by the link of the invoice, with one of Odoo's payment providers, and has everything back."""

import re

import pytest
from support.subscriptions import make_late, read

PROVIDER = "payment_demo"


@pytest.fixture(scope="module")
def provider(demo):
    """Odoo's provider for trying things out, as a partner would install one."""
    call = demo.manager.call
    [module] = call("ir.module.module", "search", [("name", "=", PROVIDER)])
    if call("ir.module.module", "read", [module], ["state"])[0]["state"] != "installed":
        call("ir.module.module", "button_immediate_install", [module])
    [found] = call("payment.provider", "search", [("code", "=", "demo")])
    assert call("payment.provider", "read", [found], ["state"])[0]["state"] == "test"
    return found


@pytest.mark.parametrize("page", [(390, 844)], ids=["phone"], indirect=True)
def test_who_is_switched_off_pays_and_is_back(demo, provider, page, screenshot, subdomain):
    contract, instance, move = make_late(demo, subdomain)
    demo.run_cron("ir_cron_dun")
    demo.wait_for_state(instance, "suspended")
    page.goto(demo.manager.url + demo.manager.call("account.move", "get_portal_url", [move]))
    page.get_by_text("Pay Now").filter(visible=True).first.click()
    form = page.locator("#o_payment_form")
    form.wait_for()
    option = form.locator("input[name=o_payment_radio]").first
    if not option.is_checked():
        option.check()
    screenshot("pay-online")
    page.get_by_role("button", name=re.compile("^Pay")).filter(visible=True).last.click()
    demo.wait_for(lambda: read(demo, contract, "state"), lambda state: state == "active", seconds=60)
    demo.wait_for_state(instance, "active", seconds=5)
    tenant = demo.tenant(subdomain)
    demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda status: status == 200, seconds=5)
    paid = demo.manager.call("account.move", "read", [move], ["payment_state"])[0]["payment_state"]
    assert paid in ("in_payment", "paid")
