"""The button that compares a server with the sizing formula, against the real cluster and the real service."""

from support.browser import is_phone, open_form, press


def server_of(demo):
    [server] = demo.manager.call("saas.server", "search", [], limit=1)
    return server


def lines_of(demo):
    """Press the button and return the lines that it makes, by code."""
    action = demo.manager.call("saas.server", "action_check_sizing", [server_of(demo)])
    [check] = demo.manager.call("saas.sizing.check", "read", [action["res_id"]], ["line_ids"])
    fields = ["code", "actual", "wanted", "state"]
    return {
        line["code"]: line for line in demo.manager.call("saas.sizing.check.line", "read", check["line_ids"], fields)
    }


def test_the_demo_is_as_large_as_the_formula_says(demo):
    lines = lines_of(demo)
    with demo.superuser() as cr:
        cr.execute("SHOW max_connections")
        assert lines["max_connections"]["actual"] == cr.fetchone()[0]
    assert len(lines) == 8
    # Where the machine is small, services that other tests have left may want more memory than it has.
    assert {code for code, line in lines.items() if line["state"] == "small"} <= {"memory"}, lines


def test_it_is_shown_as_a_table_and_on_a_phone_as_cards(demo, page, screenshot):
    open_form(demo, page, f"saas-servers/{server_of(demo)}")
    press(page, "action_check_sizing")
    rows = ".modal .o_kanban_record:not(.o_kanban_ghost)" if is_phone(page) else ".modal .o_data_row"
    page.wait_for_selector(rows)
    assert page.locator(rows).count() == 8
    assert "max_connections" in page.locator(rows).first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.wait_for_timeout(500)  # the dialog slides in
    screenshot("sizing-check")
    page.click(".modal button:has-text('Close')")
    page.wait_for_selector(".modal", state="detached")
