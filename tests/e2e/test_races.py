"""Two people at the same moment."""

from support.demo import Demo, RpcError
from support.together import at_once


def test_two_ask_for_the_same_subdomain(demo, subdomain):
    demos = [Demo(demo.path) for _ in range(4)]
    results = at_once(4, lambda number: demos[number].create(subdomain, email=f"{number}@example.com"))
    winners = [result for result in results if isinstance(result, int)]
    assert len(winners) == 1, results
    assert all("taken" in str(result) for result in results if isinstance(result, RpcError)), results


def test_provision_clicked_twice(demo, subdomain):
    instance = demo.create(subdomain)
    demos = [Demo(demo.path) for _ in range(4)]
    at_once(4, lambda number: demos[number].manager.call("saas.instance", "action_provision", [instance]))
    assert demo.wait_for_state(instance, "active", "failed") == "active"
    domain = [("saas_instance_id", "=", instance), ("method_name", "=", "_job_provision_step")]
    jobs = demo.manager.call("queue.job", "search_count", domain)
    assert jobs == (2 if demo.read(instance, "pool_key") else 3)
    with demo.superuser() as cr:
        cr.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [subdomain])
        assert cr.fetchone() == (1,)


def test_rpc_that_skips_the_buttons(demo, shared_instance):
    [instance] = demo.manager.call("saas.instance", "search", [("subdomain", "=", shared_instance)])
    for values in ({"state": "terminated"}, {"subdomain": "another"}, {"uuid": "x"}, {"deletion_date": "2020-01-01"}):
        try:
            demo.manager.call("saas.instance", "write", [instance], values)
        except RpcError:
            continue
        raise AssertionError(f"{values} was written")
    assert demo.read(instance, "state") == "active"
