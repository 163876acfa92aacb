"""The daily run of usage over many tenants, from the cron to the last row."""

import contextlib
import time
import uuid

from bench import engine
from bench.templates import get

JOBS = [("model_name", "=", "saas.usage"), ("method_name", "=", "_job_measure")]
# Nobody waits for their login pages here: that would load a hundred registries into the tenant service.
ACTIVATE = """
    UPDATE saas_instance i SET state = 'active', server_id = r.server_id, runtime_id = r.id, template_database = %s
      FROM saas_runtime r WHERE r.code = 'shared' AND i.id = ANY (%s)
"""


def measure(demo, count):
    """Return the seconds of a first run over so many new tenants, and of a second one of the same day."""
    with _tenants(demo, count) as instances:
        return [_run(demo, instances) for _round in range(2)]


@contextlib.contextmanager
def _tenants(demo, count):
    """Give the ids of instances whose databases and files are clones of Blank; they are removed at the end."""
    template, made, provisioner = get(demo, "blank")["database"], [], engine.provisioner(demo)
    partner = demo.manager.call("res.partner", "create", {"name": "Bench", "email": "bench@example.com"})
    names = [f"u{uuid.uuid4().hex[:12]}" for _number in range(count)]
    values = [{"name": name, "subdomain": name, "partner_id": partner} for name in names]
    instances = demo.manager.call("saas.instance", "create", values)
    try:
        with provisioner.session():
            for row in demo.manager.call("saas.instance", "read", instances, ["subdomain", "uuid"]):
                made.append(engine.spec(provisioner, template, row["subdomain"], uuid.UUID(row["uuid"]).hex))
                _clone(provisioner, made[-1])
        _sql(demo, ACTIVATE, [template, instances])
        yield instances
    finally:
        _sql(demo, "UPDATE saas_instance SET state = 'draft' WHERE id = ANY (%s)", [instances])
        for spec in made:
            engine.undo(provisioner, spec)
        demo.manager.call("saas.instance", "unlink", instances)


def _clone(provisioner, spec):
    provisioner.clone_database(spec)
    provisioner.clone_filestore(spec)
    provisioner.publish(spec, "maintenance")  # no cron of theirs runs meanwhile


def _sql(demo, query, values):
    with demo.superuser(demo.description["manager"]["database"]) as cr:
        cr.execute(query, values)


def _run(demo, instances):
    """Trigger the cron, wait for its jobs, and look whether everybody has a row."""
    call = demo.manager.call
    start = time.monotonic()
    demo.run_cron("ir_cron_usage")
    demo.wait_for(lambda: _count_waiting(demo), lambda number: not number, seconds=300, step=0.1)
    took = time.monotonic() - start
    found = call("saas.usage", "search_count", [("instance_id", "in", instances), ("is_measured", "=", True)])
    assert found == len(instances), f"{found} of {len(instances)} were measured"
    return took


def _count_waiting(demo):
    """Return how many jobs of the run are not done; one that has failed makes the figure worthless."""
    failed = demo.manager.call("queue.job", "search_count", [*JOBS, ("state", "=", "failed")])
    assert not failed, f"{failed} jobs have failed"
    return demo.manager.call("queue.job", "search_count", [*JOBS, ("state", "not in", ("done", "cancelled"))])
