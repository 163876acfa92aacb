"""A real instance is well, falls ill, is down and is healed: seen by the manager's look, told on its form."""

import time

import pytest
from support.browser import is_phone, open_form, press

# The one that runs last of all: a run that succeeds begins to count anew.
FAILING = """
    UPDATE ir_cron SET failure_count = %s
    WHERE id = (SELECT id FROM ir_cron WHERE active ORDER BY nextcall DESC, id LIMIT 1)
"""


def look(demo, instance):
    """Press Check Health and wait for the result; return the health and the reasons in words."""
    wait_a_second()
    before = demo.read(instance, "health_checked_at", "write_date")
    demo.manager.call("saas.instance", "action_check_health", [instance])
    found = demo.wait_for(
        lambda: demo.read(instance, "health", "health_text", "health_misses", "health_checked_at", "write_date"),
        lambda now: now["write_date"] != before["write_date"] and now["health_checked_at"],
        seconds=60,
    )
    return found["health"], found["health_text"]


def wait_a_second():
    """Let two looks have two times: Odoo writes whole seconds."""
    time.sleep(1.1)


def close(demo, subdomain, is_closed):
    """Let nobody into a database any more, or again."""
    with demo.superuser() as cr:
        cr.execute(f'ALTER DATABASE "{subdomain}" WITH ALLOW_CONNECTIONS {not is_closed}')
        if is_closed:
            cr.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [subdomain])


def activities(demo, instance):
    domain = [("res_model", "=", "saas.instance"), ("res_id", "=", instance), ("summary", "like", "is down")]
    return demo.manager.call("mail.activity", "search_count", domain)


def test_ill_down_and_healed(demo, instance, subdomain):
    health, _why = look(demo, instance)
    assert health == "healthy"
    assert demo.read(instance, "health_seconds") < 30
    with demo.superuser(subdomain) as cr:
        cr.execute(FAILING, [4])
    health, why = look(demo, instance)
    assert health == "degraded"
    assert "4 times in a row" in why
    close(demo, subdomain, True)
    try:
        health, why = look(demo, instance)
        assert (health, demo.read(instance, "health_misses")) == ("degraded", 1), "one look in vain is no alarm"
        assert not activities(demo, instance)
        health, why = look(demo, instance)
        assert health == "down"
        assert "login page" in why
        assert "database can't be asked" in why
        assert activities(demo, instance)
        rows = demo.manager.call("saas.dashboard", "get_data")["attention"]
        [row] = [row for row in rows if row["key"] == "unwell"]
        assert instance in demo.manager.call("saas.instance", "search", row["domain"])
    finally:
        close(demo, subdomain, False)
    with demo.superuser(subdomain) as cr:
        cr.execute(FAILING, [0])
    demo.wait_for(lambda: demo.tenant(subdomain).get("/web/login").status_code, lambda code: code == 200, seconds=60)
    assert look(demo, instance) == ("healthy", "")
    assert not activities(demo, instance)
    domain = [("instance_id", "=", instance), ("kind", "=", "health")]
    levels = [row["level"] for row in demo.manager.call("saas.event", "search_read", domain, ["level"], order="id")]
    assert levels == ["warning", "error", "info"]


def test_the_cron_looks_at_everybody_once(demo, instance, subdomain):
    demo.run_cron("ir_cron_check_health")
    demo.wait_for(lambda: demo.read(instance, "health"), lambda health: health == "healthy", seconds=120)
    looked_at = demo.read(instance, "health_checked_at")
    demo.run_cron("ir_cron_check_health")
    domain = [("method_name", "=", "_job_check_health"), ("state", "in", ("pending", "enqueued", "started"))]
    # One that waits for its time may stay: the second look at somebody else.
    domain += [("eta", "=", False)]
    demo.wait_for(lambda: demo.manager.call("queue.job", "search_count", domain), lambda count: count == 0, seconds=60)
    assert demo.read(instance, "health_checked_at") == looked_at


@pytest.fixture
def ill(demo, instance, subdomain):
    with demo.superuser(subdomain) as cr:
        cr.execute(FAILING, [7])
    return instance


def test_the_form_says_why(demo, page, ill, screenshot):
    open_form(demo, page, f"instances/{ill}")
    press(page, "action_check_health")
    # Nobody reloads: the result comes over the bus.
    page.wait_for_selector(".o_form_view .alert:has-text('7 times in a row')")
    assert page.locator(".alert [data-health=degraded]").count() == 1
    page.wait_for_timeout(500)
    screenshot("health-alert")
    page.click(".o_notebook a:has-text('Health')")
    page.wait_for_selector(".o_notebook [data-health=degraded]")
    page.locator(".o_notebook").scroll_into_view_if_needed()
    screenshot("health-page")


def test_lists_cards_and_filters(demo, page, ill, screenshot, subdomain):
    look(demo, ill)
    open_form(demo, page, f"instances/{ill}")
    page.goto(f"{demo.manager.url}/odoo/instances")
    if is_phone(page):
        page.wait_for_selector(".o_kanban_record [data-health=degraded]")
    else:
        page.wait_for_selector(".o_data_row [data-health=degraded]")
    screenshot("health-list")
    if not is_phone(page):
        page.click(".o_switch_view.o_kanban")
        page.wait_for_selector(".o_kanban_record [data-health=degraded]")
        screenshot("health-kanban")
        page.click(".o_searchview_dropdown_toggler")
        page.click(".o_filter_menu .o_menu_item:has-text('Not Healthy')")
        page.wait_for_selector(".o_facet_values:has-text('Not Healthy')")
        page.wait_for_timeout(500)
        assert not page.locator("[data-health=healthy]").count()
    page.goto(f"{demo.manager.url}/odoo/action-saas_manager.saas_dashboard_action")
    page.click(".o_saas_attention [data-key=unwell]")
    page.wait_for_selector("[data-health=degraded]")
