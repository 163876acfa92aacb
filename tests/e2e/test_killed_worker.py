"""`kill -9` of the worker that runs a job, at each named step of provisioning."""

import pytest
from support.holding import held_at

STEPS = ("reserve", "database", "filestore", "personalise", "publish", "verify")


@pytest.mark.parametrize("step", STEPS)
def test_provisioning_survives(demo, subdomain, step):
    instance = demo.create(subdomain)
    key = demo.read(instance, "uuid").replace("-", "")
    with held_at(demo, key, step) as find_worker:
        demo.manager.call("saas.instance", "action_provision", [instance])
        worker = find_worker()
        worker.kill()
        worker.wait(10)
    assert ends(demo, instance) == "active", demo.read(instance, "failure_reason")
    assert demo.tenant(subdomain).get("/web/login").status_code == 200
    assert_one_of_everything(demo, subdomain, key)


def ends(demo, instance):
    """Wait for the end. The job runner looks for dead jobs whenever it is woken, and once a minute."""

    def state():
        with demo.superuser("manager") as cr:
            cr.execute("SELECT pg_notify('queue_job', '')")
        return demo.read(instance, "state")

    return demo.wait_for(state, lambda value: value in ("active", "failed"), seconds=150, step=1)


def assert_one_of_everything(demo, subdomain, key):
    with demo.superuser() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE datname IN (%s, %s)", [subdomain, f"new_{key}"])
        assert cr.fetchall() == [(subdomain,)]
        cr.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [f"tenant_{key}"])
        assert cr.fetchone() == (1,)
        cr.execute("SELECT db, state FROM saas.tenant WHERE key = %s", [key])
        assert cr.fetchall() == [(subdomain, "active")]
    folders = {path.name for path in (demo.tenant_data_dir / "filestore").iterdir()}
    assert subdomain in folders
    assert not [name for name in folders if key in name]
