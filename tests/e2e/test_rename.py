"""An instance gets another address: through the wizard, with files, logins, mail and links, and killed on the way."""

import pytest
from support.browser import open_form, press

PASSWORD = "a password that moves along"


@pytest.fixture
def customer(demo, instance, subdomain):
    """A customer who works: with a password, an open session and a file."""
    tenant = demo.set_password(subdomain, PASSWORD)
    tenant.session_info(tenant.login, PASSWORD)
    values = {"name": "offer.txt", "raw": "an offer that nobody may lose", "public": True}
    tenant.attachment = tenant.call("ir.attachment", "create", values)
    return tenant


def test_files_logins_mail_and_links_move_along(demo, page, instance, customer, subdomain, screenshot):
    new = f"{subdomain}-new"
    rename_in_the_browser(demo, page, instance, subdomain, new, screenshot)
    tenant = demo.tenant(new)
    assert demo.read(instance, "state", "subdomain", "url")["subdomain"] == new
    assert tenant.sign_in(customer.login, PASSWORD)
    assert tenant.get(f"/web/content/{customer.attachment}").text == "an offer that nobody may lose"
    assert tenant.call("ir.config_parameter", "get_param", "web.base.url") == demo.read(instance, "url")
    old = customer.get(f"/web/content/{customer.attachment}?download=1")
    assert (old.status_code, old.headers["Location"]) == (
        302,
        f"//{tenant.host}/web/content/{customer.attachment}?download=1",
    )
    [mail] = demo.wait_for(lambda: new_address_mails(demo, customer.login), bool)
    assert tenant.url in mail and customer.url in mail
    assert_sent_under_its_own_name(demo, tenant, new)
    with pytest.raises(demo.RpcError, match="taken"):
        demo.create(subdomain)


def rename_in_the_browser(demo, page, instance, old, new, screenshot):
    open_form(demo, page, f"instances/{instance}")
    press(page, "action_open_rename_wizard")
    page.fill(".modal div[name=subdomain] input", "admin")
    page.press(".modal div[name=subdomain] input", "Tab")
    page.wait_for_selector(".modal .text-danger:has-text('reserved')")
    page.fill(".modal div[name=subdomain] input", new)
    page.press(".modal div[name=subdomain] input", "Tab")
    page.wait_for_selector(".modal .text-success:has-text('is free')")
    screenshot("rename-wizard")
    page.click(".modal button[name=action_confirm]")
    demo.wait_for(lambda: demo.read(instance, "subdomain"), lambda name: name == new)
    page.click(".nav-link:has-text('Former Addresses')")  # it came live
    page.wait_for_selector(f".o_field_widget[name=redirect_ids] :text('{old}')")
    screenshot("instance-renamed")


def new_address_mails(demo, address):
    return [html for html in demo.mails_to(address) if "at a new address" in html]


def assert_sent_under_its_own_name(demo, tenant, subdomain):
    """Look at the envelope and the header of a mail that a tenant sends."""
    to = f"reader@{subdomain}.example"
    values = {"subject": "Hello", "body_html": "<p>from the new address</p>", "email_to": to}
    tenant.call("mail.mail", "send", [tenant.call("mail.mail", "create", values)])
    [mail] = demo.wait_for(lambda: demo.messages_to(to), bool)
    host = tenant.host.partition(":")[0]
    assert mail["sender_envelope"].endswith(f"@{host}") and f"@{host}" in mail["sender_message"]


def test_a_suspended_one_stays_off(demo, instance, subdomain):
    demo.manager.call("saas.instance", "action_suspend", [instance], "Invoice 42 is unpaid.")
    demo.manager.call("saas.instance", "action_rename", [instance], f"{subdomain}-b")
    demo.wait_for(lambda: demo.read(instance, "subdomain"), lambda name: name == f"{subdomain}-b")
    tenant = demo.tenant(f"{subdomain}-b")
    demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda code: code == 503)
    assert "Invoice 42 is unpaid." in tenant.get("/", headers={"Accept": "text/html"}).text
    demo.manager.call("saas.instance", "action_resume", [instance])
    demo.wait_for(lambda: tenant.get("/web/login").status_code, lambda code: code == 200)


def test_a_name_that_cannot_be_had_changes_nothing(demo, instance, subdomain):
    taken = f"{subdomain}-x"
    folder = demo.tenant_data_dir / "filestore" / taken
    folder.mkdir()
    try:
        demo.manager.call("saas.instance", "action_rename", [instance], taken)
        demo.wait_for(lambda: demo.read(instance, "rename_failure"), lambda reason: reason and "folder" in reason)
        demo.wait_for(lambda: demo.read(instance, "rename_to"), lambda name: not name)
    finally:
        folder.rmdir()
    assert demo.read(instance, "subdomain") == subdomain
    demo.wait_for(lambda: demo.tenant(subdomain).get("/web/login").status_code, lambda code: code == 200)
