"""Instances that take a clone which waits: through the real stack, two at once, and killed."""

import pytest
from support.holding import held_at


@pytest.fixture
def blank(demo):
    """The Blank template, with two clones ready."""
    [template] = demo.manager.call("saas.template", "search", [("code", "=", "blank")])
    [before] = demo.manager.call("saas.template", "read", [template], ["has_pool", "pool_min"])
    before.pop("id")
    demo.manager.call("saas.template", "write", [template], {"has_pool": True, "pool_min": 2})
    wait_for_ready(demo, template, 2)
    yield template
    demo.manager.call("saas.template", "write", [template], before)


def wait_for_ready(demo, template, count):
    demo.wait_for(lambda: len(clones(demo, template)), lambda ready: ready >= count, seconds=60, step=0.2)


def clones(demo, template, state="ready"):
    domain = [("template_id", "=", template), ("state", "=", state)]
    return demo.manager.call("saas.pool.clone", "search_read", domain, ["database_name", "database"])


def oids(demo):
    """Return each database's number, which a rename keeps."""
    with demo.superuser() as cr:
        cr.execute("SELECT datname, oid FROM pg_database")
        return dict(cr.fetchall())


def test_from_the_pool(demo, blank, subdomain):
    before = oids(demo)
    instance = demo.provision(subdomain)
    waiting = f"pool_{demo.read(instance, 'pool_key')}"
    after = oids(demo)
    assert after[subdomain] == before[waiting]
    assert waiting not in after
    folders = {path.name for path in (demo.tenant_data_dir / "filestore").iterdir()}
    assert subdomain in folders and waiting not in folders
    tenant = demo.set_password(subdomain, "a-good-password")
    assert tenant.call("res.company", "search_count", [])
    wait_for_ready(demo, blank, 2)  # filled up again


def test_a_waiting_clone_is_nobodys_site(demo, blank):
    name = clones(demo, blank)[0]["database_name"]
    assert demo.tenant(name).get("/web/login").status_code == 404
    with demo.superuser() as cr:
        cr.execute("SELECT datallowconn FROM pg_database WHERE datname = %s", [name])
        assert cr.fetchone() == (False,)
        cr.execute("SELECT count(*) FROM saas.tenant WHERE db = %s", [name])
        assert cr.fetchone() == (0,)


def test_two_at_once(demo, blank, subdomain):
    instances = [demo.create(f"{subdomain}{letter}") for letter in "ab"]
    demo.manager.call("saas.instance", "action_provision", instances)
    for instance in instances:
        assert demo.wait_for_state(instance, "active", "failed") == "active"
    keys = {demo.read(instance, "pool_key") for instance in instances}
    assert len(keys) == 2 and False not in keys
    for letter in "ab":
        assert demo.tenant(f"{subdomain}{letter}").get("/web/login").status_code == 200


@pytest.mark.parametrize("step", ["database", "filestore"])
def test_killed_while_it_is_taken(demo, blank, subdomain, step):
    instance = demo.create(subdomain)
    key = demo.read(instance, "uuid").replace("-", "")
    with held_at(demo, key, step) as find_worker:
        demo.manager.call("saas.instance", "action_provision", [instance])
        worker = find_worker()
        waiting = f"pool_{demo.read(instance, 'pool_key')}"
        worker.kill()
        worker.wait(10)
    assert ends(demo, instance) == "active", demo.read(instance, "failure_reason")
    assert demo.tenant(subdomain).get("/web/login").status_code == 200
    assert waiting not in oids(demo)
    assert not (demo.tenant_data_dir / "filestore" / waiting).exists()
    assert any((demo.tenant_data_dir / "filestore" / subdomain).iterdir())


def ends(demo, instance):
    """Wait for the end. The job runner looks for dead jobs whenever it is woken."""

    def state():
        with demo.superuser("manager") as cr:
            cr.execute("SELECT pg_notify('queue_job', '')")
        return demo.read(instance, "state")

    return demo.wait_for(state, lambda value: value in ("active", "failed"), seconds=150, step=1)


def test_switched_off(demo, blank, subdomain):
    waiting = {clone["database_name"] for clone in clones(demo, blank)}
    demo.manager.call("saas.template", "write", [blank], {"has_pool": False})
    demo.wait_for(lambda: waiting & set(oids(demo)), lambda left: not left, seconds=60, step=0.2)
    instance = demo.provision(subdomain)
    assert demo.read(instance, "pool_key") is False
