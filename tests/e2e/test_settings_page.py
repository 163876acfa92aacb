"""The settings page: what the environment decides is locked, the rest is saved or refused with words."""

import pytest
from support.browser import is_phone, sign_in


@pytest.fixture
def settings(demo, page):
    """The page, opened by an administrator of the manager who is no system user."""
    user = demo.user_of_group("saas_manager.group_administrator")
    sign_in(page, user.url, user.login, user.password)
    page.goto(f"{user.url}/odoo/saas-settings")
    page.wait_for_selector(".o_setting_box")
    return page


def save(page):
    page.locator("button[name=execute]:visible, .o_form_button_save:visible").first.click()


def test_the_page(demo, settings, screenshot):
    page = settings
    screenshot("settings")
    locked = page.locator("#saas_public_port:has-text('Set by the environment variable SAAS_PUBLIC_PORT')")
    assert locked.count() == 1
    assert not page.locator("div[name=saas_public_port] input").count()
    page.fill("div[name=saas_termination_grace_days] input", "99999")
    page.press("div[name=saas_termination_grace_days] input", "Tab")
    save(page)
    page.wait_for_selector(".modal:has-text('Days Until Deletion')")
    screenshot("settings-refused")
    page.click(".modal footer button >> nth=0")
    days = "15" if is_phone(page) else "16"
    page.fill("div[name=saas_termination_grace_days] input", days)
    page.press("div[name=saas_termination_grace_days] input", "Tab")
    save(page)
    parameter = [("key", "=", "saas.termination_grace_days")]
    demo.wait_for(
        lambda: demo.manager.call("ir.config_parameter", "search_read", parameter, ["value"]),
        lambda rows: rows and rows[0]["value"] == days,
    )
