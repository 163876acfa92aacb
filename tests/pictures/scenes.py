"""The pictures by name: how wide, and how a browser gets to what they show."""

# A desk, a phone, and a window for pages with a few words.
DESK, PHONE, SMALL = 1440, 390, 800
GROWING_MS = 1300  # the plots of the dashboard


def dashboard(page, demo, _subjects):
    page.goto(f"{demo.manager.url}/odoo/action-saas_manager.saas_dashboard_action")
    page.wait_for_selector(".o_saas_dashboard .o_saas_number")
    page.wait_for_timeout(GROWING_MS)


def instance(page, demo, subjects):
    page.goto(f"{demo.manager.url}/odoo/instances/{subjects.instance}")
    page.wait_for_selector(".o_saas_steps li")


def timeline(page, demo, subjects):
    instance(page, demo, subjects)
    page.click(".o_notebook a[name=timeline]")
    page.wait_for_selector("div[name=event_ids] .o_data_row")
    # Its rows are what it is about; the head of the form has a picture of its own.
    page.locator("div[name=event_ids]").scroll_into_view_if_needed()
    page.mouse.move(0, 0)


def instances(page, demo, _subjects):
    page.goto(f"{demo.manager.url}/odoo/instances?view_type=kanban")
    page.wait_for_selector(".o_kanban_view .o_kanban_record:not(.o_kanban_ghost)")


def template(page, demo, subjects):
    page.goto(f"{demo.manager.url}/odoo/saas-templates/{subjects.template}")
    page.wait_for_selector(".o_form_view .o_form_sheet")


def settings(page, demo, _subjects):
    page.goto(f"{demo.manager.url}/odoo/saas-settings")
    page.wait_for_selector(".o_setting_box")


def welcome(page, demo, subjects):
    page.context.clear_cookies()
    page.goto(demo.manager.url + subjects.welcome)
    page.wait_for_selector("text=Choose a password")


def suspended(page, _demo, subjects):
    page.goto(subjects.suspended_url)
    page.wait_for_selector("main h1")


SCENES = {
    "dashboard": (DESK, dashboard),
    "dashboard-phone": (PHONE, dashboard),
    "instances": (DESK, instances),
    "instance": (DESK, instance),
    "timeline": (DESK, timeline),
    "template": (DESK, template),
    "settings": (DESK, settings),
    "welcome": (SMALL, welcome),
    "welcome-phone": (PHONE, welcome),
    "suspended": (SMALL, suspended),
}
