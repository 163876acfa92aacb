"""A database without `saas_tenant` is not served: 503 with a reason everywhere, a report, and back when repaired."""

import pytest
import websocket
from support import gateway_template
from support.gateway_client import RpcError, seconds_until

REPORT = "SELECT kind, detail->>'addon' FROM saas.report WHERE db = %s"
STATE = "UPDATE ir_module_module SET state = %s WHERE name = 'saas_tenant'"
LATER = "UPDATE saas.cron SET due = now() + interval '1 hour', rest_until = now() WHERE db = %s"
VISITED = "SELECT due > now() AND rest_until <= now() FROM saas.cron WHERE db = %s"
NEXTCALL = "SELECT nextcall FROM ir_cron WHERE id = 1"
RELOAD = "SELECT nextval('base_registry_signaling')"


@pytest.fixture
def tenant(stack, service):
    """A tenant of this test's own."""
    made = stack.create_tenant(f"bare{len(stack.directory.entries())}")
    seconds_until(lambda: made.client.everywhere(200))
    return made


def reload(tenant):
    """Let the workers load the registry anew, as after the installation of an app."""
    if tenant.sql("SELECT 1 FROM pg_class WHERE relname = 'base_registry_signaling' AND relkind = 'S'"):
        tenant.sql(RELOAD)
    else:
        tenant.sql("INSERT INTO orm_signaling_registry DEFAULT VALUES")


def switch_off(tenant):
    tenant.sql(STATE, ["uninstalled"])
    reload(tenant)
    seconds_until(lambda: tenant.client.everywhere(503), limit=10)


def test_not_served_without_the_addon_and_served_with_it(tenant, beta, stack, figure):
    switch_off(tenant)
    for path in ("/", "/web", "/odoo", "/web/login", "/web/static/img/favicon.ico", "/web/health", "/x/y"):
        page = tenant.client.request(path)
        assert page.status == 503, path
        assert "saas_tenant is not installed" in page.text
    with pytest.raises(RpcError, match="HTTP 503"):
        tenant.client.execute("res.users", "search_count", [])
    assert tenant.client.status("/xmlrpc/2/common", method="POST", body="<methodCall/>", Content_Type="text/xml") == 503
    with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
        tenant.client.websocket()
    assert stack.gateway_sql(REPORT, [tenant.db]) == [("unguarded", "saas_tenant")]
    assert beta.client.everywhere(200)
    tenant.sql(STATE, ["installed"])
    took = seconds_until(lambda: tenant.client.everywhere(200), limit=20)
    figure("a repaired database is served after", f"{took:.1f} s")
    seconds_until(lambda: not stack.gateway_sql(REPORT, [tenant.db]), limit=5)


def test_a_command_of_the_operator_installs_it_again(tenant, stack):
    switch_off(tenant)
    arguments = ("-d", tenant.db, "-i", "saas_tenant", "--stop-after-init", "--no-http", "--workers=0")
    gateway_template.run(stack.command(*arguments, "--max-cron-threads=0"), stack.environment(), 300)
    seconds_until(lambda: tenant.client.everywhere(200), limit=20)


def test_an_open_websocket_ends(tenant):
    connection = tenant.client.login().websocket()
    tenant.client.cookie = None
    switch_off(tenant)
    with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
        tenant.client.websocket()  # the evented process has looked
    connection.settimeout(5)
    opcode, _data = connection.recv_data(control_frame=True)
    assert opcode == websocket.ABNF.OPCODE_CLOSE


def test_no_job_runs_there(tenant, stack):
    switch_off(tenant)
    tenant.sql("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' - interval '1 hour', active = true WHERE id = 1")
    before = tenant.sql(NEXTCALL)
    visit(tenant, stack)
    assert tenant.sql(NEXTCALL) == before
    tenant.sql(STATE, ["installed"])
    visit(tenant, stack)
    assert tenant.sql(NEXTCALL) > before


def visit(tenant, stack):
    """Let a cron worker look at the tenant, and wait until it has."""
    stack.gateway_sql(LATER, [tenant.db])
    stack.gateway_sql("SELECT saas_notify('cron_trigger', %s)", [tenant.db])
    seconds_until(lambda: stack.gateway_sql(VISITED, [tenant.db]) == [(True,)], limit=90)


def test_settings_and_views_do_not_lift_anything(tenant, stack):
    """What else could switch it off: its views and parameters are no part of what holds the limits."""
    tenant.sql("UPDATE ir_ui_view SET active = false WHERE key LIKE 'saas_tenant.%%'")
    tenant.sql("DELETE FROM ir_config_parameter WHERE key LIKE 'saas%%'")
    reload(tenant)
    seconds_until(lambda: tenant.client.everywhere(200))
    stack.directory.set_limits({tenant.key: {"plan": "starter", "max_users": 1, "contact": "boss@example.com"}})
    seconds_until(lambda: is_refused(tenant), limit=5)


def is_refused(tenant):
    try:
        user = tenant.client.execute("res.users", "create", {"name": "a", "login": "a"})
    except RpcError as error:
        assert "internal users" in str(error)
        return True
    tenant.client.execute("res.users", "unlink", [user])
    return False
