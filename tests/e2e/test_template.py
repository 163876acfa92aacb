"""Building templates: the real Odoo installs them, and a failure leaves nothing over."""

import re

import pytest

BUILD_SECONDS = 300


def build(demo, template):
    demo.manager.call("saas.template", "action_build", [template])
    state = lambda: read(demo, template)["state"]  # noqa: E731
    return demo.wait_for(state, lambda value: value != "building", seconds=BUILD_SECONDS, step=0.5)


def read(demo, template):
    fields = ["state", "database", "version", "build_error", "build_log"]
    return demo.manager.call("saas.template", "read", [template], fields)[0]


def traces(demo, database):
    """Return what a build has left in the cluster and on the disk."""
    with demo.superuser() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE datname = %s", [database])
        found = [name for (name,) in cr.fetchall()]
        cr.execute("SELECT db FROM saas.tenant WHERE db = %s", [database])
        found += [f"entry {name}" for (name,) in cr.fetchall()]
    folder = demo.tenant_data_dir / "filestore" / database
    return found + [f"folder {folder}"] * folder.exists()


def roles(demo):
    with demo.superuser() as cr:
        cr.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenant_%%'")
        return cr.fetchone()[0]


@pytest.mark.parametrize(
    ("module", "reason"),
    [("there_is_no_such_module", "no addon there_is_no_such_module"), ("auth_ldap", "(?s)ldap.*")],
    ids=["unknown", "fails in Odoo"],
)
def test_a_build_that_fails(demo, subdomain, module, reason):
    code, before = f"bad_{subdomain}", roles(demo)
    values = {"name": "Bad", "code": code, "modules": f"base,{module}"}
    template = demo.manager.call("saas.template", "create", values)
    assert build(demo, template) == "failed"
    result = read(demo, template)
    assert re.search(reason, result["build_error"])
    assert result["database"] is False
    assert traces(demo, f"tpl_{code}_v1") == []
    assert roles(demo) == before


def test_a_new_version_takes_the_place_of_the_old(demo, subdomain):
    values = {"name": "Small", "code": f"small_{subdomain}", "modules": "base,web,mail,auth_signup"}
    template = demo.manager.call("saas.template", "create", values)
    assert build(demo, template) == "ready", read(demo, template)["build_error"]
    first = read(demo, template)["database"]
    assert first == f"tpl_small_{subdomain}_v1"
    assert_sealed(demo, first)
    assert demo.provision(subdomain, template_id=template)
    demo.manager.call("saas.template", "write", [template], {"has_pool": True, "pool_min": 1})
    waiting = demo.wait_for(lambda: clones(demo, template), bool, seconds=60, step=0.2)
    demo.manager.call("saas.template", "write", [template], {"modules": "base,web,mail,nothing_of_the_kind"})
    assert build(demo, template) == "ready"
    assert read(demo, template)["database"] == first
    assert demo.provision(f"{subdomain}-b", template_id=template)
    demo.manager.call("saas.template", "write", [template], {"modules": "base,web,mail,auth_signup"})
    assert build(demo, template) == "ready"
    second = read(demo, template)["database"]
    assert second == f"tpl_small_{subdomain}_v3"
    demo.wait_for(lambda: traces(demo, first), lambda found: not found)
    assert_sealed(demo, second)
    assert_pool_renewed(demo, template, waiting, second)
    instance = demo.provision(f"{subdomain}-c", template_id=template)
    assert demo.read(instance, "pool_key")
    demo.manager.call("saas.template", "write", [template], {"has_pool": False})


def clones(demo, template):
    domain = [("template_id", "=", template), ("state", "=", "ready")]
    return demo.manager.call("saas.pool.clone", "search_read", domain, ["database_name", "database"])


def assert_pool_renewed(demo, template, waiting, database):
    """Clones of the old version are thrown away, those of the new one take their place."""
    renewed = lambda: {clone["database"] for clone in clones(demo, template)} == {database}  # noqa: E731
    demo.wait_for(renewed, bool, seconds=60, step=0.5)
    for clone in waiting:
        demo.wait_for(lambda name=clone["database_name"]: traces(demo, name), lambda found: not found, seconds=60)


def assert_sealed(demo, database):
    with demo.superuser() as cr:
        cr.execute("SELECT datallowconn, datistemplate FROM pg_database WHERE datname = %s", [database])
        assert cr.fetchone() == (False, True)
