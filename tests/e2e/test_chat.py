"""The websocket goes through the proxy and the gateway: the chat of a tenant is live."""

from support.browser import sign_in

PASSWORD = "a password for two colleagues"


def test_the_chat_is_live(demo, browser, instance, subdomain):
    tenant = demo.set_password(subdomain, PASSWORD)
    people = [tenant.login, "colleague@example.com"]
    group = tenant.call("ir.model.data", "check_object_reference", "base", "group_user")[1]
    field = "group_ids" if "group_ids" in tenant.call("res.users", "fields_get", [], ["type"]) else "groups_id"
    tenant.call(
        "res.users",
        "create",
        {"name": "Colleague", "login": people[1], "password": PASSWORD, field: [(6, 0, [group])]},
    )
    [partner] = tenant.call("res.partner", "search", [("name", "=", "Colleague")])
    own = tenant.call("res.users", "read", [tenant.uid], ["partner_id"])[0]["partner_id"][0]
    pages = [open_discuss(browser, tenant.url, login) for login in people]
    try:
        channel = create_chat(tenant, own, partner)
        for page in pages:
            page.goto(f"{tenant.url}/odoo/discuss?active_id=discuss.channel_{channel}")
            page.wait_for_selector(".o-mail-Composer-input")
        pages[0].fill(".o-mail-Composer-input >> nth=0", "Hello from the other side")
        pages[0].press(".o-mail-Composer-input >> nth=0", "Enter")
        pages[1].wait_for_selector(".o-mail-Message:has-text('Hello from the other side')", timeout=10_000)
    finally:
        for page in pages:
            page.context.close()


def create_chat(tenant, own, partner):
    """Make a group chat of two, by the members' own records: it works alike in 18.0 and 19.0."""
    members = [(0, 0, {"partner_id": own}), (0, 0, {"partner_id": partner})]
    return tenant.call(
        "discuss.channel", "create", {"name": "Two", "channel_type": "group", "channel_member_ids": members}
    )


def open_discuss(browser, url, login):
    page = browser.new_context(viewport={"width": 1200, "height": 800}).new_page()
    sign_in(page, url, login, PASSWORD)
    return page
