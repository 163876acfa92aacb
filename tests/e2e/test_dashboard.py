"""The first screen: what it shows, and that its numbers lead somewhere, on a desk and on a phone."""

import pytest
from support.browser import sign_in


@pytest.fixture
def dashboard(demo, page, shared_instance):
    """The page after the menu SaaS was opened."""
    manager = demo.description["manager"]
    [server] = demo.manager.call("saas.server", "search", [], limit=1)
    demo.manager.call("saas.server", "action_test_connection", [server])
    sign_in(page, manager["url"], manager["login"], manager["password"])
    page.goto(manager["url"] + "/odoo/action-saas_manager.saas_dashboard_action")
    page.wait_for_selector(".o_saas_dashboard .o_saas_number")
    return page


def has_horizontal_scroll(page):
    return page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll(".o_content")]
            .some((element) => element.scrollWidth > element.clientWidth)"""
    )


def test_is_the_first_screen(demo, page):
    manager = demo.description["manager"]
    sign_in(page, manager["url"], manager["login"], manager["password"])
    menus = demo.manager.call("ir.ui.menu", "load_web_menus", [], False)
    [root] = [menu for menu in menus.values() if menu.get("xmlid") == "saas_manager.menu_root"]
    first = menus[str(root["children"][0])]
    assert first["xmlid"] == "saas_manager.menu_dashboard"
    assert root["actionID"] == first["actionID"], "the menu opens something else"
    page.goto(f"{manager['url']}/odoo/action-{root['actionID']}")
    page.wait_for_selector(".o_saas_dashboard")


def test_shows_the_numbers(demo, dashboard, screenshot):
    count = demo.manager.call("saas.instance", "search_count", [("state", "=", "active")])
    shown = dashboard.locator("[data-number=active]").inner_text()
    assert shown.split()[0] == str(count)
    assert dashboard.locator(".o_saas_plot canvas").count() == 2
    assert dashboard.locator(".o_saas_server .progress-bar").count(), "the disk was not measured"
    dashboard.wait_for_timeout(1200)  # the plots grow
    screenshot("dashboard")


def test_fits_the_screen(dashboard):
    assert not has_horizontal_scroll(dashboard)


def test_a_number_opens_its_list(demo, dashboard):
    count = demo.manager.call("saas.instance", "search_count", [("state", "=", "active")])
    dashboard.click("[data-number=active]")
    dashboard.wait_for_selector(".o_list_view .o_data_row, .o_kanban_view .o_kanban_record:not(.o_kanban_ghost)")
    rows = dashboard.locator(".o_data_row, .o_kanban_record:not(.o_kanban_ghost)").count()
    assert rows == min(count, 80)


def test_every_number_opens(dashboard):
    address = dashboard.url
    keys = [number.get_attribute("data-number") for number in dashboard.locator(".o_saas_number").all()]
    assert {"active", "today", "median", "slowest", "jobs", "pool"} <= set(keys)
    for key in keys:
        dashboard.click(f"[data-number={key}]")
        dashboard.wait_for_selector(".o_list_view, .o_kanban_view")
        assert not dashboard.locator(".o_error_dialog").count(), key
        dashboard.goto(address)
        dashboard.wait_for_selector(".o_saas_number")


def test_refresh(demo, dashboard, subdomain):
    before = dashboard.locator("[data-number=draft]")
    count = int(before.inner_text().split()[0]) if before.count() else 0
    instance = demo.create(subdomain)
    try:
        dashboard.click(".o_saas_refresh")
        dashboard.wait_for_selector(f"[data-number=draft]:has-text('{count + 1}')")
    finally:
        demo.manager.call("saas.instance", "unlink", [instance])


@pytest.mark.parametrize("view", ["graph", "pivot", "calendar", "activity"])
def test_views_of_instances(demo, page, shared_instance, screenshot, view):
    manager = demo.description["manager"]
    sign_in(page, manager["url"], manager["login"], manager["password"])
    page.goto(f"{manager['url']}/odoo/instances?view_type={view}")
    # On a phone Odoo opens the cards, whatever the address asks for.
    page.wait_for_selector(".o_kanban_view" if page.viewport_size["width"] < 500 else f".o_{view}_view")
    assert not page.locator(".o_error_dialog").count()
    screenshot(f"instances-{view}")
