"""Support signs in with one click: from the backend into the customer's web client, in plain sight of everybody."""

import re

import pytest
from support.browser import open_form, press


@pytest.fixture
def backend(demo, page, instance):
    """The form of an active instance."""
    open_form(demo, page, f"instances/{instance}")
    return page


def test_one_click_with_consent(demo, backend, page, instance, subdomain, screenshot):
    press(page, "action_sign_in")
    page.wait_for_selector(".o_error_dialog:has-text('has not agreed'), .modal:has-text('has not agreed')")
    screenshot("sign-in-refused")
    demo.manager.call("saas.instance", "write", [instance], {"support_sign_in": True})
    page.reload()
    with page.context.expect_page() as opened:
        press(page, "action_sign_in")
    tenant = opened.value
    errors = []
    tenant.on("pageerror", lambda error: errors.append(str(error)))
    tenant.wait_for_selector(".o_main_navbar")
    banner = tenant.wait_for_selector(".o_saas_support_banner")
    assert re.search("of the service's support is signed in as", banner.inner_text())
    assert f"//{subdomain}." in tenant.url and "#" not in tenant.url
    box = banner.bounding_box()
    assert box["y"] + box["height"] <= tenant.viewport_size["height"], "the banner is below the fold"
    assert box["width"] == tenant.viewport_size["width"]
    tenant.wait_for_selector(".o_action_manager > *")
    screenshot("sign-in", tenant)
    # Odoo's client still loads: an answer that comes after the one to the sign-out would bring the session back.
    tenant.wait_for_timeout(2000)
    tenant.click(".o_saas_support_banner a")
    tenant.wait_for_selector("input[name=login]")
    assert not tenant.locator(".o_saas_support_banner").count()
    assert not errors, errors
    [event] = demo.manager.call(
        "saas.event", "search_read", [("instance_id", "=", instance), ("kind", "=", "access")], ["message"], limit=1
    )
    assert "signed in as the administrator" in event["message"]
