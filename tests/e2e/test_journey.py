"""The main job: an administrator clicks "Provision", a customer works in an Odoo of their own."""

import re

from support.browser import choose, press, sign_in

PASSWORD = "a password of the customer's own"


def test_from_the_click_to_work(demo, page, subdomain, screenshot):
    manager = demo.description["manager"]
    demo.manager.call("res.partner", "create", {"name": f"Jane {subdomain}", "email": f"jane@{subdomain}.example"})
    sign_in(page, manager["url"], manager["login"], manager["password"])
    draft_by_hand(page, manager["url"], subdomain)
    screenshot("instance-draft")
    watch_it_being_provisioned(page, screenshot)
    set_the_password(demo, page, subdomain, screenshot)
    work(demo, page, subdomain, screenshot)


def draft_by_hand(page, url, subdomain):
    page.goto(f"{url}/odoo/instances/new")
    page.fill("div[name=name] input, div[name=name] textarea", f"Shop of {subdomain}")
    choose(page, "partner_id", f"Jane {subdomain}")
    page.fill("div[name=subdomain] input", subdomain.upper())
    page.press("div[name=subdomain] input", "Tab")
    page.wait_for_selector(f"div[name=subdomain_hint]:has-text('{subdomain} is free')")


def watch_it_being_provisioned(page, screenshot):
    """The steps appear by themselves: the page is never reloaded."""
    page.evaluate("window.stillTheSamePage = true")
    press(page, "action_provision")
    page.wait_for_selector(".o_saas_steps li")
    page.wait_for_function("document.querySelectorAll('.o_saas_steps li[data-state=done]').length === 6")
    page.wait_for_selector(".o_statusbar_status :text('Active') >> visible=true")
    times = page.locator(".o_saas_steps li .font-monospace").all_inner_texts()
    assert all(re.fullmatch(r"\d+ ms|\d+\.\d\d s", time) for time in times), times
    assert page.evaluate("window.stillTheSamePage")
    screenshot("instance-active")


def set_the_password(demo, page, subdomain, screenshot):
    """The link of the mail that the catcher has got; opening it changes nothing, its form does."""
    path = demo.welcome_path(f"jane@{subdomain}.example")
    link = demo.description["manager"]["url"] + path
    for _scanner in range(2):
        assert demo.manager.get(path).status_code == 200
    page.context.clear_cookies()
    page.goto(link)
    page.wait_for_selector("text=Choose a password")
    screenshot("welcome")
    page.click("button:has-text('Choose a password')")
    page.wait_for_selector("input[name=confirm_password]")
    assert f"//{subdomain}." in page.url
    screenshot("set-password")
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=confirm_password]", PASSWORD)
    page.click("form button[type=submit]")
    page.wait_for_selector(".o_main_navbar, .alert-success")
    if not page.locator(".o_main_navbar").count():  # 19.0 says that it worked, 18.0 signs in as well
        sign_in(page, demo.tenant(subdomain).url, f"jane@{subdomain}.example", PASSWORD)
    assert "used already" in demo.manager.get(path).text


def work(demo, page, subdomain, screenshot):
    """The customer's Odoo is theirs: name, login, language of the form, and it keeps what they write."""
    tenant = demo.tenant(subdomain)
    assert tenant.sign_in(f"jane@{subdomain}.example", PASSWORD)
    tenant.call("res.partner", "create", {"name": "First customer of mine"})
    page.goto(f"{tenant.url}/odoo/contacts")
    page.wait_for_selector("text=First customer of mine")
    screenshot("tenant-contacts")
