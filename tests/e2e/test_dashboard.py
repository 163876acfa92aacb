"""The first screen: what it shows, and that its numbers lead somewhere, on a desk and on a phone."""

import itertools

import pytest
from support.browser import sign_in

SECONDS_BETWEEN_LOADS = 3


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


def test_first_steps(demo, dashboard, screenshot):
    """What it shows before the first instance; the demo has some, so the answer is another one."""
    [server, template] = (
        demo.manager.call(model, "search", [], limit=1)[0] for model in ("saas.server", "saas.template")
    )
    steps = [("server", server, True, False), ("template", template, False, True), ("instance", False, False, False)]
    keys = ("key", "model", "id", "is_done", "is_under_way")
    rows = [dict(zip(keys, (key, f"saas.{key}", *values), strict=True)) for key, *values in steps]
    empty = {"first_steps": rows, "states": [], "events": [], "attention": []}
    answer = {"jsonrpc": "2.0", "id": 1, "result": demo.manager.call("saas.dashboard", "get_data") | empty}
    dashboard.route("**/saas.dashboard/get_data", lambda route: route.fulfill(json=answer))
    dashboard.reload()
    dashboard.wait_for_selector(".o_saas_first_steps")
    screenshot("dashboard-empty")
    assert not has_horizontal_scroll(dashboard)
    assert not dashboard.locator(".o_saas_number, .o_saas_plot").count()
    assert dashboard.locator(".o_saas_first_steps .btn-primary").get_attribute("data-step") == "instance"
    for key, *_rest in steps:
        dashboard.click(f"[data-step={key}]")
        dashboard.wait_for_selector(".o_form_view")
        dashboard.go_back()
        dashboard.wait_for_selector(".o_saas_first_steps")


class TestLive:
    """An open dashboard follows what happens, without a reload and without asking all the time."""

    @pytest.fixture
    def asked(self, dashboard):
        """A function: the times in seconds at which the page has asked for its numbers since."""
        dashboard.evaluate("() => { window.isSamePage = true; performance.clearResourceTimings(); }")
        return lambda: dashboard.evaluate(
            """() => performance.getEntriesByType("resource")
                .filter((entry) => entry.name.includes("saas.dashboard")).map((entry) => entry.startTime / 1000)"""
        )

    def shown(self, page, number):
        return int(page.locator(f"[data-number={number}]").inner_text().split()[0])

    def wait_for_number(self, page, number, value):
        page.wait_for_selector(f"[data-number={number}] > span:first-child:text-is('{value}')", timeout=15_000)
        assert page.evaluate("() => window.isSamePage"), "the page was loaded again"

    def test_a_provisioned_instance_is_counted(self, demo, dashboard, asked, subdomain):
        before = self.shown(dashboard, "active")
        demo.provision(subdomain)
        self.wait_for_number(dashboard, "active", before + 1)
        assert subdomain in dashboard.locator(".o_saas_event").first.inner_text()
        times = asked()
        assert times
        assert all(later - sooner >= SECONDS_BETWEEN_LOADS for sooner, later in itertools.pairwise(times)), times

    def test_a_hidden_tab_waits(self, demo, dashboard, asked, subdomain):
        show_tab(dashboard, False)
        before = self.shown(dashboard, "active")
        demo.provision(subdomain)
        dashboard.wait_for_timeout(SECONDS_BETWEEN_LOADS * 1000 + 1000)
        assert not asked()
        show_tab(dashboard, True)
        self.wait_for_number(dashboard, "active", before + 1)
        assert len(asked()) == 1

    def test_a_line_that_was_down(self, demo, dashboard, asked, subdomain):
        before = self.shown(dashboard, "active")
        dashboard.context.set_offline(True)
        demo.provision(subdomain)
        dashboard.wait_for_timeout(1000)
        assert self.shown(dashboard, "active") == before
        dashboard.context.set_offline(False)
        self.wait_for_number(dashboard, "active", before + 1)


def show_tab(page, is_shown):
    """Let the page believe that its tab is in front, or behind another one."""
    page.evaluate(
        """(isShown) => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => !isShown });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_shown,
    )


@pytest.mark.parametrize("view", ["graph", "pivot", "calendar", "activity"])
def test_views_of_instances(demo, page, shared_instance, screenshot, view):
    manager = demo.description["manager"]
    sign_in(page, manager["url"], manager["login"], manager["password"])
    page.goto(f"{manager['url']}/odoo/instances?view_type={view}")
    # On a phone Odoo opens the cards, whatever the address asks for.
    page.wait_for_selector(".o_kanban_view" if page.viewport_size["width"] < 500 else f".o_{view}_view")
    assert not page.locator(".o_error_dialog").count()
    screenshot(f"instances-{view}")
