"""Somebody spoils a running server by SQL: it is shown before it is repaired, repaired by itself, or by a click."""

import uuid

import pytest
from support.browser import open_form, press


@pytest.fixture
def server(demo):
    """The server's id, with no difference open."""
    [found] = demo.manager.call("saas.server", "search", [], limit=1)
    return found


@pytest.fixture
def role(demo):
    """The name of a role that no record knows, gone in the end."""
    name = f"tenant_{uuid.uuid4().hex}"
    with demo.superuser() as cr:
        cr.execute(f"CREATE ROLE {name}")
    yield name
    with demo.superuser() as cr:
        cr.execute(f"DROP ROLE IF EXISTS {name}")


def status(demo, subdomain):
    """Return what the tenant's address answers: the same from every worker, several times in a row."""
    codes = {demo.tenant(subdomain).get("/web/login").status_code for _ in range(6)}
    return codes.pop() if len(codes) == 1 else codes


def forget(demo, instance):
    """Take an instance's row out of the directory; wait until no worker knows its host any more."""
    subdomain = demo.read(instance, "subdomain")
    with demo.superuser() as cr:
        cr.execute("DELETE FROM saas.tenant WHERE db = %s", [subdomain])
    demo.wait_for(lambda: status(demo, subdomain), lambda code: code == 404)


def lines(demo, server, *condition, **values):
    domain = [("server_id", "=", server), *condition, *((name, "=", value) for name, value in values.items())]
    return demo.manager.call("saas.reconciliation.line", "search_read", domain, ["name", "state", "kind", "is_safe"])


def test_an_address_that_is_gone_comes_back(demo, instance, subdomain, server):
    forget(demo, instance)
    action = demo.manager.call("saas.server", "action_check_now", [server])
    host = f"{subdomain}.localhost"
    [shown] = lines(demo, server, reconciliation_id=action["res_id"], name=host)
    assert (shown["kind"], shown["state"], shown["is_safe"]) == ("entry_missing", "preview", True)
    assert status(demo, subdomain) == 404, "a look changes nothing"
    demo.run_cron("ir_cron_reconcile")
    demo.wait_for(lambda: status(demo, subdomain), lambda code: code == 200, seconds=60)
    demo.wait_for(
        lambda: lines(demo, server, ("state", "!=", "preview"), name=host), lambda rows: rows[0]["state"] == "fixed"
    )
    again = demo.manager.call("saas.server", "action_check_now", [server])
    assert not lines(demo, server, reconciliation_id=again["res_id"], name=host)
    events = demo.manager.call("saas.event", "search_read", [("instance_id", "=", instance)], ["message"])
    assert any("It was not as recorded" in event["message"] for event in events)


def test_what_a_tenant_did_to_its_role_is_put_back(demo, instance, subdomain, server):
    with demo.superuser() as cr:
        cr.execute("SELECT key FROM saas.tenant WHERE db = %s", [subdomain])
        [(key,)] = cr.fetchall()
        cr.execute(f"ALTER ROLE tenant_{key} SET statement_timeout = 0")
    demo.manager.call("saas.server", "action_reconcile", [server])

    def settings():
        with demo.superuser() as cr:
            cr.execute("SELECT rolconfig FROM pg_roles WHERE rolname = %s", [f"tenant_{key}"])
            return cr.fetchone()[0]

    demo.wait_for(settings, lambda found: "statement_timeout=0" not in found, seconds=60)
    assert any(setting.startswith("statement_timeout=") for setting in settings())


def test_in_the_browser(demo, page, instance, subdomain, server, role, screenshot):
    """The report of a dry run, then the repair; the rest is fixed by a click, once a person has agreed."""
    forget(demo, instance)
    open_form(demo, page, f"saas-servers/{server}")
    screenshot("server-reconcile")
    press(page, "action_check_now")
    page.wait_for_selector(".o_form_view :text('A dry run: nothing was changed.')")
    page.wait_for_selector(f":text('{subdomain}.localhost')")
    assert page.locator(f":text('{role}')").count()
    screenshot("reconciliation-dry-run")
    press(page, "action_repair")
    demo.wait_for(lambda: status(demo, subdomain), lambda code: code == 200, seconds=60)
    demo.wait_for(lambda: lines(demo, server, name=role, state="open"), bool, seconds=60)
    [row] = lines(demo, server, name=role, state="open")
    page.goto(f"{demo.description['manager']['url']}/odoo/saas-differences")
    page.wait_for_selector(f":text('{role}')")
    screenshot("differences")
    fix_by_a_click(demo, page, row, role, screenshot)


def fix_by_a_click(demo, page, row, role, screenshot):
    page.goto(f"{demo.description['manager']['url']}/odoo/saas-differences/{row['id']}")
    page.wait_for_selector(".o_form_view :text('Role Without a Record')")
    screenshot("difference")
    press(page, "action_fix")
    page.click(".modal .btn-primary")
    read = lambda: demo.manager.call("saas.reconciliation.line", "read", [row["id"]], ["state"])[0]["state"]  # noqa: E731
    demo.wait_for(read, lambda state: state == "fixed", seconds=60)
    with demo.superuser() as cr:
        cr.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        assert not cr.fetchall()
    page.wait_for_selector(".o_form_view .o_field_widget[name=fixed_at]")  # it came live


def test_runs_stay_as_a_list(demo, page, server, screenshot):
    demo.manager.call("saas.server", "action_check_now", [server])
    open_form(demo, page, f"saas-servers/{server}")
    page.goto(f"{demo.description['manager']['url']}/odoo/saas-reconciliations")
    page.wait_for_selector(".o_data_row, .o_kanban_record")
    screenshot("reconciliations")
