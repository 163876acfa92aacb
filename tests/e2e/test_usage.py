"""A day of a real tenant: a person signs in, the daily run finds them; nobody loads the tenant's Odoo for it."""

from datetime import UTC, datetime

import pytest
from support.browser import open_form

MEASURING = [("model_name", "=", "saas.usage"), ("method_name", "=", "_job_measure")]


def run_cron(demo):
    """Run the daily cron and wait for its jobs."""
    demo.run_cron("ir_cron_usage")
    waiting = [*MEASURING, ("state", "not in", ("done", "cancelled"))]
    demo.wait_for(lambda: demo.manager.call("queue.job", "search_count", waiting), lambda count: not count)


def rows(demo, instance):
    return demo.manager.call("saas.usage", "search_read", [("instance_id", "=", instance)], [], order="day")


@pytest.fixture
def worked(demo, instance, subdomain):
    """An instance in which its administrator has worked a moment ago."""
    password = "a password for the test"
    login = demo.set_password(subdomain, password).login
    tenant = demo.tenant(subdomain)  # a browser of its own
    assert tenant.session_info(login, password)["uid"]
    for _number in range(5):
        assert tenant.get("/odoo").status_code == 200
    with demo.superuser() as cr:
        query, values = "SELECT coalesce(sum(requests), 0) FROM saas.counter WHERE db = %s", [subdomain]
        demo.wait_for(lambda: cr.execute(query, values) or cr.fetchone()[0], lambda count: count >= 5)
    return instance


def test_a_day_of_work_is_a_row(demo, worked, page, screenshot):
    run_cron(demo)
    [row] = rows(demo, worked)
    assert row["day"] == datetime.now(UTC).date().isoformat()
    assert row["active_users"] >= 1 and row["users"] >= 1 and row["requests"] >= 5
    assert row["errors"] == 0 and not row["is_complete"]
    assert row["database_mb"] > 5 and row["storage_mb"] >= row["database_mb"]
    run_cron(demo)
    assert len(rows(demo, worked)) == 1
    assert not demo.read(worked, "usage_problem")

    open_form(demo, page, f"instances/{worked}")
    page.get_by_role("tab", name="Usage").click()
    page.wait_for_selector("div[name=usage_graph] canvas")
    page.wait_for_timeout(1000)  # the line is drawn slowly
    screenshot("usage-instance")
