"""Code of a tenant's own in the shared service, by every way in that its administrator has; and the second wall behind.

Each refusal has its control: the same way in takes the harmless variant. In a service of the tenant's own the refused
one is accepted, which `addons/saas_tenant/tests/test_own_expressions.py` tries.
"""

import re

import pytest
from support import odoo_home
from support.gateway_client import RpcError, seconds_until

WHY = "A plan with own code"
EVIL, PLAIN = "user.sudo().unlink()", "user.partner_id.name"
EIGHTEEN = odoo_home.series() < "19.0"


def page(expression):
    return {"name": "x", "key": "x.page", "type": "qweb", "arch": f'<t t-name="x.page"><p t-out="{expression}"/></t>'}


def mail(**values):
    return {"name": "x", "model": "res.partner", "subject": "x", **values}


def report(**values):
    return {"name": "x", "model": "res.partner", "report_name": "web.internal_layout", **values}


WINDOW = {"name": "x", "res_model": "res.partner"}
# What is sent with the refused expression and with the plain one. A model's number stands where `model_id` is None.
WAYS_IN = {
    "page": ("ir.ui.view", page),
    "attribute": ("ir.ui.view", lambda e: {**page(""), "arch": f'<t t-name="x.page"><p t-att-title="{e}"/></t>'}),
    "format": ("ir.ui.view", lambda e: {**page(""), "arch": f'<t t-name="x.page"><p t-attf-title="a #{{{e}}}"/></t>'}),
    "variable": ("ir.ui.view", lambda e: {**page(""), "arch": f'<t t-name="x.page"><t t-set="a" t-value="{e}"/></t>'}),
    "kanban": (
        "ir.ui.view",
        lambda e: {
            "name": "x",
            "model": "res.partner",
            "arch": f'<kanban><templates><t t-name="card"><p t-out="{e}"/></t></templates></kanban>',
        },
    ),
    "mail's body": ("mail.template", lambda e: mail(body_html=f'<p t-out="{e}"/>')),
    "mail's subject": ("mail.template", lambda e: mail(subject=f"{{{{ {e} }}}}")),
    "mail's address": ("mail.template", lambda e: mail(email_to=f"{{{{ {e} }}}}")),
    "mail's language": ("mail.template", lambda e: mail(lang=f"{{{{ {e} }}}}")),
    "message": (
        "mail.compose.message",
        lambda e: {"model": "res.partner", "composition_mode": "mass_mail", "body": f'<p t-out="{e}"/>'},
    ),
    "rule": ("ir.rule", lambda e: {"name": "x", "model_id": None, "domain_force": f"[('name', '!=', {e})]"}),
    "filter": ("ir.filters", lambda e: {"name": "x", "model_id": "res.partner", "domain": f"[('name', '=', {e})]"}),
    "action's domain": ("ir.actions.act_window", lambda e: {**WINDOW, "domain": f"[('name', '=', {e})]"}),
    "action's context": ("ir.actions.act_window", lambda e: {**WINDOW, "context": f"{{'default_name': {e}}}"}),
    "client action": ("ir.actions.client", lambda e: {"name": "x", "tag": "x", "params_store": f"{{'a': {e}}}"}),
    "printed name": ("ir.actions.report", lambda e: report(print_report_name=e)),
    "attachment's name": ("ir.actions.report", lambda e: report(attachment=e)),
}


def values_of(tenant, way, expression):
    model, make = WAYS_IN[way]
    values = make(expression)
    [[partner]] = tenant.sql("SELECT id FROM ir_model WHERE model = 'res.partner'")
    if model == "mail.template":
        values = {**values, "model_id": partner}
        del values["model"]
    if values.get("model_id", "") is None:
        values["model_id"] = partner
    # A plain one must not keep an editor or a portal user from anything while the other tests run.
    return model, {**values, "active": False} if model == "ir.rule" else values


def remove(tenant, model, ids):
    """Delete what a test has made; wizards go by themselves."""
    if model != "mail.compose.message":
        tenant.client.execute(model, "unlink", ids)


@pytest.fixture(params=sorted(WAYS_IN))
def way(request):
    return request.param


def test_refused_over_rpc(acme, way):
    model, values = values_of(acme, way, EVIL)
    with pytest.raises(RpcError, match=WHY):
        acme.client.execute(model, "create", values, context={"install_mode": True, "install_module": "base"})
    model, values = values_of(acme, way, PLAIN)
    made = acme.client.execute(model, "create", values)
    changes = {name: value for name, value in values_of(acme, way, EVIL)[1].items() if value != values[name]}
    with pytest.raises(RpcError, match=WHY):
        acme.client.execute(model, "write", [made], changes)
    remove(acme, model, [made])


def test_refused_to_the_web_client(acme, way):
    acme.client.login()

    def save(expression):
        model, values = values_of(acme, way, expression)
        params = {"model": model, "method": "web_save", "args": [[], values], "kwargs": {"specification": {"id": {}}}}
        [saved] = acme.client.call("/web/dataset/call_kw", params)
        return model, saved["id"]

    with pytest.raises(RpcError, match=WHY):
        save(EVIL)
    model, made = save(PLAIN)
    remove(acme, model, [made])


@pytest.mark.parametrize("way", ["page", "mail's subject", "rule", "printed name"])
def test_refused_to_an_import(acme, way):
    def bring(expression):
        model, values = values_of(acme, way, expression)
        names = {"model_id": "model_id/.id"}
        fields = [names.get(name, name) for name in values if name != "active"]
        row = [str(value) for name, value in values.items() if name != "active"]
        return model, acme.client.execute(model, "load", fields, [row])

    _model, refused = bring(EVIL)
    assert not refused["ids"]
    assert WHY in refused["messages"][0]["message"]
    model, taken = bring(PLAIN)
    assert taken["ids"], taken
    remove(acme, model, taken["ids"])


def test_copies_and_earlier_versions_bring_nothing(acme):
    view = acme.client.execute("ir.ui.view", "create", page(PLAIN))
    with pytest.raises(RpcError, match=WHY):
        acme.client.execute("ir.ui.view", "copy", [view], {"arch_db": page(EVIL)["arch"]})
    acme.client.execute("ir.ui.view", "write", [view], {"arch_prev": page(EVIL)["arch"]})
    with pytest.raises(RpcError, match=WHY):
        acme.client.execute("ir.ui.view", "reset_arch", [view], "soft")
    acme.client.execute("ir.ui.view", "write", [view], {"arch_prev": page(PLAIN)["arch"]})
    acme.client.execute("ir.ui.view", "reset_arch", [view], "soft")
    acme.client.execute("ir.ui.view", "unlink", [view])


def test_an_action_that_writes_a_view_is_refused_when_it_runs(acme):
    view = acme.client.execute("ir.ui.view", "create", page(PLAIN))
    [[views]] = acme.sql("SELECT id FROM ir_model WHERE model = 'ir.ui.view'")
    values = {"name": "x", "model_id": views, "state": "object_write", "update_path": "arch_db"}
    action = acme.client.execute("ir.actions.server", "create", {**values, "value": page(EVIL)["arch"]})
    context = {"active_model": "ir.ui.view", "active_id": view, "active_ids": [view]}
    with pytest.raises(RpcError, match=WHY):
        acme.client.execute("ir.actions.server", "run", [action], context=context)
    acme.client.execute("ir.actions.server", "write", [action], {"value": page("user.name")["arch"]})
    acme.client.execute("ir.actions.server", "run", [action], context=context)
    [read] = acme.client.execute("ir.ui.view", "read", [view], ["arch_db"])
    assert "user.name" in read["arch_db"]
    acme.client.execute("ir.actions.server", "unlink", [action])
    acme.client.execute("ir.ui.view", "unlink", [view])


def test_the_message_says_why_and_what_to_do(acme):
    with pytest.raises(RpcError) as refused:
        acme.client.execute("ir.ui.view", "create", page(EVIL))
    for part in (EVIL, "shares its server with others", WHY):
        assert part in str(refused.value)


# -- the second wall: what is in the database all the same


def plant_page(tenant, expression):
    """Put an expression into the login page, past the first wall, and have every worker forget the page."""
    found = "SELECT id, arch_db::text FROM ir_ui_view WHERE key = 'web.login'"
    [[view, before]] = tenant.sql(found)
    arch = before.replace(
        't-call=\\"web.login_layout\\">', f't-call=\\"web.login_layout\\"><p t-out=\\"{expression}\\"/>'
    )
    assert arch != before
    rewrite(tenant, view, arch)
    return lambda: rewrite(tenant, view, before)


def rewrite(tenant, view, arch):
    tenant.sql("UPDATE ir_ui_view SET arch_db = %s WHERE id = %s", [arch, view])
    if EIGHTEEN:
        tenant.sql("SELECT nextval('base_cache_signaling_templates')")
    else:
        tenant.sql("INSERT INTO orm_signaling_templates (date) VALUES (now())")


@pytest.mark.parametrize(
    ("expression", "refusal"),
    [
        ("'{0.__class__}'.format(request)", "format is for string literals only"),
        ("request.env.registry", "forbidden name"),
        ("request.env.cr.connection", "forbidden name"),
        ("().__class__", "forbidden name|names with '__' is not allowed"),  # 18.0, 19.0
    ],
)
def test_a_page_that_was_put_in_by_sql_cannot_walk(stack, acme, expression, refusal):
    start = len(stack.log())
    take_back = plant_page(acme, expression)
    try:
        seconds_until(lambda: acme.client.everywhere(500))
        assert re.search(refusal, stack.log()[start:])
    finally:
        take_back()
    seconds_until(lambda: acme.client.everywhere(200))


def test_a_harmless_page_that_was_put_in_by_sql_works(acme):
    take_back = plant_page(acme, "'{} and {}'.format('salt', 'pepper')")
    try:
        seconds_until(lambda: "salt and pepper" in acme.client.request("/web/login").text)
    finally:
        take_back()
    seconds_until(lambda: "salt and pepper" not in acme.client.request("/web/login").text)
