"""Many customers at once: a file that provisions, and a list that suspends two of three."""

import uuid

from support.browser import is_phone, sign_in

FIELDS = ["name", "partner_id", "subdomain", "template_id", "plan_id", "admin_email", "provision_on_import"]
OPTIONS = {"has_headers": True, "quoting": '"', "separator": ",", "name_create_enabled_fields": {"partner_id": True}}


def import_file(demo, rows, dryrun):
    """Import a file as the web client does and return the ids of its instances."""
    call = demo.manager.call
    text = "\n".join([",".join(FIELDS), *rows])
    values = {"res_model": "saas.instance", "file_name": "customers.csv", "file_type": "text/csv"}
    wizard = call("base_import.import", "create", {**values, "file": text})
    answer = call("base_import.import", "execute_import", [wizard], FIELDS, FIELDS, OPTIONS, dryrun=dryrun)
    assert not answer["messages"], answer
    return answer["ids"]


def open_list(page, url, text):
    """Open the list of instances and search it; a phone shows cards first and hides the search behind a button."""
    page.goto(f"{url}/odoo/instances")
    page.wait_for_selector(".o_control_panel .o_switch_view, .o_cp_switch_buttons")
    if is_phone(page):
        page.click(".o_cp_switch_buttons button")
        page.click(".o-dropdown--menu .o-dropdown-item:has-text('List')")
        page.wait_for_selector(".o_list_view")
        page.click(".o_control_panel button:has(.fa-search, .oi-search)")
    page.fill(".o_searchview_input", text)
    page.press(".o_searchview_input", "Enter")


def select(page, names):
    """Tick records of a list; on a phone one that is held is ticked, and then a touch is enough."""
    for number, name in enumerate(names):
        row = page.locator(f".o_data_row:has-text('{name}')")
        if is_phone(page) and not number:
            row.dispatch_event("touchstart")
            page.wait_for_selector(".o_data_row_selected")
            row.dispatch_event("touchend")
        elif is_phone(page):
            row.locator("td[name=name]").click()
        else:
            row.locator(".o_list_record_selector input").check()


def open_bulk_action(page, label):
    page.locator(".o_control_panel button:visible:has-text('Actions'), .o_cp_action_menus button:visible").first.click()
    page.click(f".o-dropdown--menu .o_menu_item:text-is('{label}')")
    page.wait_for_selector(".modal .o_form_view")


def test_a_file_then_two_of_three(demo, page, screenshot):
    mark = f"b{uuid.uuid4().hex[:6]}"
    names = [f"{mark}-{letter}" for letter in "abc"]
    rows = [f"{name},Owner of {name},{name},Blank,Starter,owner@{name}.example,TRUE" for name in names]
    jobs = [("name", "ilike", mark)]
    assert import_file(demo, rows, dryrun=True)
    assert not demo.manager.call("saas.instance", "search_count", [("subdomain", "in", names)])
    assert not demo.manager.call("queue.job", "search_count", jobs)
    instances = import_file(demo, rows, dryrun=False)
    for instance in instances:
        assert demo.wait_for_state(instance, "active", "failed") == "active"
    draft = demo.create(f"{mark}-d")

    manager = demo.description["manager"]
    sign_in(page, manager["url"], manager["login"], manager["password"])
    open_list(page, manager["url"], mark)
    page.wait_for_selector(f".o_searchview_facet:has-text('{mark}')")
    page.wait_for_function(f"[...document.querySelectorAll('.o_data_row')].every(r => r.innerText.includes('{mark}'))")
    select(page, [*names[:2], f"{mark}-d"])
    open_bulk_action(page, "Suspend")
    page.wait_for_selector(".modal:has-text('2 will be suspended; 1 will be skipped')")
    assert page.locator(f".modal li:has-text('{mark}-d'):has-text('Draft')").count() == 1
    page.fill(".modal div[name=reason] input", "We are moving house.")
    screenshot("bulk-suspend")
    assert demo.read(instances[0], "state") == "active", "nothing happens before it is confirmed"
    page.click(".modal button[name=action_confirm]:visible")
    page.wait_for_selector(".o_notification:has-text('Suspended: 2.')")
    page.wait_for_selector(f".o_data_row:has-text('{names[1]}') td[name=state]:has-text('Suspended')")
    screenshot("bulk-suspended")
    assert [demo.read(each, "state") for each in instances] == ["suspended", "suspended", "active"]
    assert demo.read(draft, "state") == "draft"
    for name, status in zip(names, (503, 503, 200), strict=True):
        tenant = demo.tenant(name)
        demo.wait_for(lambda tenant=tenant: tenant.get("/web/login").status_code, lambda code, s=status: code == s)
