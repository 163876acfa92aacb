"""A template is configured by hand: opened, signed in to, changed in the browser, published; another is thrown away."""

import uuid

import pytest
from support.browser import open_form, press

BUILD_SECONDS = 300
NOTE = "Phone number of the company"
WORKSHOPS = "datname LIKE 'work\\_%%'"


@pytest.fixture(scope="module")
def template(demo):
    """A small template of this file's own: the others' are not to be changed by hand."""
    values = {"name": "Workshop", "code": f"hand_{uuid.uuid4().hex[:8]}", "modules": "base,web,mail"}
    made = demo.manager.call("saas.template", "create", values)
    demo.manager.call("saas.template", "action_build", [made])
    state = lambda: read(demo, made, "state")  # noqa: E731
    assert demo.wait_for(state, lambda value: value != "building", seconds=BUILD_SECONDS, step=0.5) == "ready"
    yield made
    demo.manager.call("saas.template", "write", [made], {"active": False})


def read(demo, template, *fields):
    [row] = demo.manager.call("saas.template", "read", [template], list(fields))
    return row[fields[0]] if len(fields) == 1 else row


def wait_for_copy(demo, template, state):
    return demo.wait_for(lambda: read(demo, template, "workshop_state"), lambda now: now == state, seconds=60)


def traces(demo):
    """Return what there is of any copy in cluster, directory and filestore."""
    with demo.superuser() as cr:
        cr.execute(f"SELECT datname FROM pg_database WHERE {WORKSHOPS}")  # noqa: S608 - the constant above
        found = [name for (name,) in cr.fetchall()]
        cr.execute("SELECT db FROM saas.tenant WHERE db LIKE 'work\\_%%' OR db LIKE 'tpl\\_hand%%'")
        found += [f"entry {name}" for (name,) in cr.fetchall()]
    return found + [path.name for path in (demo.tenant_data_dir / "filestore").glob("work_*")]


def roles_of(demo, key):
    with demo.superuser() as cr:
        cr.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [f"tenant_{key}"])
        return cr.fetchall()


def look_up(demo, template):
    """Return key and address of the newest copy of a template."""
    fields, domain = ["uuid", "url"], [("template_id", "=", template)]
    [row] = demo.manager.call("saas.template.workshop", "search_read", domain, fields, limit=1)
    return row["uuid"].replace("-", ""), row["url"]


@pytest.fixture
def form(demo, page, template):
    """The form of the template."""
    open_form(demo, page, f"saas-templates/{template}")
    return page


def test_from_the_click_to_the_customer(demo, form, template, subdomain, screenshot):
    press(form, "action_configure_by_hand")
    form.wait_for_selector("button[name=action_workshop_sign_in]")  # it came live
    screenshot("workshop-open")
    key, url = look_up(demo, template)
    phone = f"+49 30 {form.viewport_size['width']}"
    tenant = work(form, url, phone, screenshot)
    before = read(demo, template, "database")
    publish(form, screenshot)
    demo.wait_for(lambda: read(demo, template, "database"), lambda name: name != before, seconds=90)
    assert read(demo, template, "made_by_hand", "by_hand_notes")["by_hand_notes"].endswith(NOTE)
    form.click(".nav-link:has-text('By Hand')")
    form.wait_for_selector("div[name=by_hand_notes]")
    screenshot("workshop-published")
    form.click(".nav-link:has-text('Builds')")
    form.wait_for_selector(f"div[name=build_ids] :text('{NOTE}')")
    screenshot("workshop-builds")
    assert tenant.goto(url).status != 200
    assert (traces(demo), roles_of(demo, key)) == ([], [])
    assert_sealed_and_small(demo, read(demo, template, "database"))
    assert demo.provision(subdomain, template_id=template)
    assert_new_to_the_customer(demo, subdomain, phone, url)
    build_again(form, screenshot)


def work(form, url, phone, screenshot):
    """Sign in with one click, and change what every customer is to find."""
    with form.context.expect_page() as opened:
        form.click("button[name=action_workshop_sign_in]")
    tenant = opened.value
    tenant.wait_for_selector(".o_main_navbar")
    tenant.wait_for_selector(".o_saas_support_banner")
    tenant.goto(f"{url}/odoo/action-base.action_res_company_form/1")
    tenant.fill(".o_form_view div[name=phone] input", phone)
    screenshot("workshop-work", tenant)
    tenant.click(".o_form_button_save")
    tenant.wait_for_selector(".o_form_button_save", state="hidden")
    return tenant


def publish(form, screenshot):
    form.click("button[name=action_workshop_publish]")
    form.wait_for_selector(".modal div[name=note] textarea")
    assert not form.locator(".modal button[name=action_confirm]").is_visible(), "not without a note"
    form.fill(".modal div[name=note] textarea", NOTE)
    form.press(".modal div[name=note] textarea", "Tab")
    form.wait_for_selector(".modal button[name=action_confirm]")
    screenshot("workshop-publish")
    form.click(".modal button[name=action_confirm]")


def assert_new_to_the_customer(demo, subdomain, phone, url):
    """What was done is there, and nothing of the visits."""
    with demo.superuser(subdomain) as cr:
        cr.execute("SELECT phone FROM res_company WHERE id = 1")
        assert cr.fetchone() == (phone,)
        for table in ("saas_sign_in", "res_device_log", "mail_mail", "bus_bus"):
            cr.execute(f"SELECT FROM {table}")  # noqa: S608 - one of the names above
            assert not cr.fetchall(), table
        cr.execute("SELECT body FROM mail_message WHERE body ILIKE '%%signed in%%' OR body LIKE '%%OdooBot%%'")
        assert not cr.fetchall()
        cr.execute("SELECT key FROM ir_config_parameter WHERE strpos(value, %s) > 0", [url.partition("//")[2]])
        assert not cr.fetchall()
        cr.execute("SELECT login FROM res_users WHERE password IS NOT NULL")
        assert not cr.fetchall()


def assert_sealed_and_small(demo, database):
    """Nobody can enter it, and no file is left that Odoo waits to delete: every clone would copy it."""
    with demo.superuser() as cr:
        cr.execute("SELECT datallowconn, datistemplate FROM pg_database WHERE datname = %s", [database])
        assert cr.fetchone() == (False, True)
    assert not list((demo.tenant_data_dir / "filestore" / database / "checklist").glob("*/*"))


def build_again(form, screenshot):
    """It asks first, and shows what would be lost."""
    press(form, "action_build")
    form.wait_for_selector(f".modal :text('{NOTE}')")
    screenshot("workshop-build")
    form.click(".modal button[special=cancel], .modal button:has-text('Keep It')")


def test_discarded(demo, template):
    version = read(demo, template, "database")
    demo.manager.call("saas.template", "action_configure_by_hand", [template])
    wait_for_copy(demo, template, "open")
    key, url = look_up(demo, template)
    host = url.partition("//")[2].partition(".")[0]
    answers = lambda: demo.tenant(host).get("/web/login").status_code  # noqa: E731
    assert answers() == 200
    assert traces(demo) == [f"work_{key}", f"entry work_{key}", f"work_{key}"]
    assert roles_of(demo, key)
    demo.manager.call("saas.template", "action_workshop_discard", [template])
    demo.wait_for(lambda: traces(demo), lambda found: not found)
    demo.wait_for(answers, lambda code: code != 200)
    wait_for_copy(demo, template, False)
    assert not roles_of(demo, key)
    assert read(demo, template, "database") == version
