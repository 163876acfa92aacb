"""The daily run of usage over many tenants, from the cron to the last row."""

import time


def measure(demo, bench, count):
    """Return the seconds of a first run, and of a second one of the same day, over so many new tenants.

    :param bench: a `provisioning.Bench`, which deletes them at the end
    """
    bench.all_at_once(count)
    instances = list(bench.instances.values())[-count:]
    return [_run(demo, instances) for _round in range(2)]


def _run(demo, instances):
    call = demo.manager.call
    cron = call("ir.model.data", "check_object_reference", "saas_manager", "ir_cron_usage")[1]
    start = time.monotonic()
    call("ir.cron", "method_direct_trigger", [cron])
    demo.wait_for(lambda: _waiting(demo), lambda number: not number, seconds=300, step=0.1)
    took = time.monotonic() - start
    measured = [("instance_id", "in", instances), ("is_measured", "=", True)]
    found = call("saas.usage", "search_count", measured)
    assert found == len(instances), f"{found} of {len(instances)} were measured"
    return took


def _waiting(demo):
    """Return how many jobs of the run are not done; one that has failed is no measurement."""
    mine = [("model_name", "=", "saas.usage"), ("method_name", "=", "_job_measure")]
    failed = demo.manager.call("queue.job", "search_count", [*mine, ("state", "=", "failed")])
    assert not failed, f"{failed} jobs have failed"
    under_way = ("state", "in", ("wait_dependencies", "pending", "enqueued", "started"))
    return demo.manager.call("queue.job", "search_count", [*mine, under_way])
