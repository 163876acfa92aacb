"""The rest of the backend, looked at: lists, servers, templates, jobs, and what a phone makes of them."""

import pytest
from support.browser import sign_in

PAGES = {
    "instances": "/odoo/instances",
    "templates": "/odoo/saas-templates",
    "plans": "/odoo/saas-plans",
    "servers": "/odoo/saas-servers",
    "events": "/odoo/saas-events",
    "jobs": "/odoo/saas-jobs",
    "backups": "/odoo/saas-backups",
}


@pytest.fixture
def backend(demo, page):
    manager = demo.description["manager"]
    sign_in(page, manager["url"], manager["login"], manager["password"])
    return lambda path: page.goto(manager["url"] + path)


def test_every_menu_opens(demo, backend, page, shared_instance, screenshot):
    for name, path in PAGES.items():
        backend(path)
        page.wait_for_selector(".o_list_view, .o_kanban_view, .o_view_nocontent")
        assert not page.locator(".o_error_dialog").count(), name
        screenshot(f"list-{name}")


def test_connection_of_the_server(demo, backend, page, screenshot):
    [server] = demo.manager.call("saas.server", "search", [], limit=1)
    demo.manager.call("saas.server", "action_test_connection", [server])
    [row] = demo.manager.call("saas.server", "read", [server], ["check_state", "check_message"])
    assert row["check_state"] == "ok", row["check_message"]
    for word in ("PostgreSQL", "saas_manager", "ms", "tenants", "GB"):
        assert word in row["check_message"]
    backend(f"/odoo/saas-servers/{server}")
    page.wait_for_selector("text=Answers in")
    screenshot("server")


def test_template_form(demo, backend, page, screenshot):
    [template] = demo.manager.call("saas.template", "search", [("code", "=", "blank")])
    backend(f"/odoo/saas-templates/{template}")
    page.wait_for_selector("text=tpl_blank_v")
    screenshot("template")


def test_failed_instance(demo, backend, page, subdomain, screenshot):
    """A clear reason, no trace, and a retry that works: the name is held by a foreign database for a while."""
    instance = demo.create(subdomain)
    with demo.superuser() as cr:
        cr.execute(f'CREATE DATABASE "{subdomain}"')
        demo.manager.call("saas.instance", "action_provision", [instance])
        assert demo.wait_for_state(instance, "active", "failed") == "failed"
        backend(f"/odoo/instances/{instance}")
        page.wait_for_selector("text=Provisioning failed")
        page.wait_for_selector(".o_saas_steps li[data-state=failed]")
        screenshot("instance-failed")
        cr.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [subdomain])
        assert cr.fetchone() == (1,), "the foreign database was touched"
        cr.execute(f'DROP DATABASE "{subdomain}"')
    demo.manager.call("saas.instance", "action_provision", [instance])
    assert demo.wait_for_state(instance, "active", "failed") == "active"
