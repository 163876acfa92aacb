"""`saas_tenant` in a real service: over RPC, as the tenant's administrator."""

import pytest
from support import odoo_home
from support.gateway_client import RpcError, seconds_until


def module(tenant, name):
    [found] = tenant.client.execute("ir.module.module", "search", [("name", "=", name)])
    return found


def state(tenant, name):
    return tenant.sql("SELECT state FROM ir_module_module WHERE name = %s", [name])[0][0]


def test_code_of_ones_own_is_refused(acme):
    [model] = acme.client.execute("ir.model", "search", [("model", "=", "res.partner")])
    action = {"name": "Mine", "model_id": model, "state": "code", "code": "env.cr.execute('SELECT 1')"}
    for name, values in (
        ("ir.actions.server", action),
        ("ir.cron", {**action, "interval_number": 1, "interval_type": "days"}),
        ("ir.model.fields", {"name": "x_a", "model_id": model, "ttype": "char", "compute": "pass", "store": False}),
    ):
        with pytest.raises(RpcError, match="A plan with own code"):
            acme.client.execute(name, "create", values, context={"install_mode": True})


def test_an_action_without_code_works(acme):
    [model] = acme.client.execute("ir.model", "search", [("model", "=", "res.partner")])
    values = {"name": "Mark", "model_id": model, "state": "object_write", "update_path": "function", "value": "checked"}
    action = acme.client.execute("ir.actions.server", "create", values)
    context = {"active_model": "res.partner", "active_id": 1, "active_ids": [1]}
    acme.client.execute("ir.actions.server", "run", [action], context=context)
    assert acme.client.execute("res.partner", "read", [1], ["function"])[0]["function"] == "checked"


@pytest.mark.parametrize("name", ["saas_tenant", "portal", "mail"])
@pytest.mark.parametrize("method", ["button_immediate_uninstall", "button_uninstall"])
def test_the_addon_stays(acme, name, method):
    with pytest.raises(RpcError, match="cannot be uninstalled"):
        acme.client.execute("ir.module.module", method, [module(acme, name)])
    assert state(acme, "saas_tenant") == "installed"


def test_the_uninstall_wizard_is_refused(acme):
    found = module(acme, "saas_tenant")
    values = {"module_id": found} if odoo_home.series() < "19.0" else {"module_ids": [found]}
    wizard = acme.client.execute("base.module.uninstall", "create", values)
    with pytest.raises(RpcError, match="cannot be uninstalled"):
        acme.client.execute("base.module.uninstall", "action_uninstall", [wizard])


def test_installing_and_uninstalling_an_app_works(stack, service, figure):
    tenant = stack.create_tenant("eta")
    seconds_until(lambda: tenant.client.everywhere(200))
    took = seconds_until(lambda: install(tenant, "contacts"), limit=60)
    figure("an app installed by a tenant in", f"{took:.1f} s")
    assert state(tenant, "contacts") == "installed"
    tenant.client.execute("ir.module.module", "button_immediate_uninstall", [module(tenant, "contacts")])
    assert state(tenant, "contacts") == "uninstalled"
    assert tenant.client.everywhere(200)


def install(tenant, name):
    tenant.client.execute("ir.module.module", "button_immediate_install", [module(tenant, name)])
    return state(tenant, name) == "installed"
