"""The table of docs/faults.md: what dies at which step of which job, and that a retry and the way back both end well.

`kill -9` of the job worker and a crash of PostgreSQL at every named step. What dies between two statements is in
test_kill.py, the manager and the tenant service in tests/e2e/test_killed_services.py.
"""

import dataclasses
import re
from pathlib import Path

import pytest
from support import operations, postgres, tenants
from support.crashing import halted_at

CELLS = [(operation, point) for operation in operations.OPERATIONS for point in operation.points]
# A build is minutes of work: it is not begun again by itself.
HEALED_BY_A_CLICK = {operations.Build: ("BuildError",)}
each_step = pytest.mark.parametrize(
    ("operation", "point"), CELLS, ids=[f"{operation.name}: {point.name}" for operation, point in CELLS]
)


@pytest.fixture(scope="module")
def binaries():
    """The machine's own version: what dies here is the same in all."""
    installed = postgres.installed()
    if not installed:
        pytest.skip("NO POSTGRESQL: install version 15 or newer")
    return installed[min(installed)]


@pytest.fixture(scope="module")
def server(binaries):
    """A server that keeps what it has committed, as one of a customer does."""
    with postgres.server(binaries, synchronous_commit="on") as running:
        tenants.bootstrap_server(running)
        yield running


@pytest.fixture(scope="module")
def cluster(server, tmp_path_factory):
    return tenants.make_cluster_with_template(server, tmp_path_factory.mktemp("template"))


@pytest.fixture
def make(provisioner, builder, binaries):
    """A function that makes an operation."""
    provisioner.settings = dataclasses.replace(provisioner.settings, pg_bin=binaries)
    provisioner.runtime = builder.runtime
    return lambda operation: operation(provisioner, builder)


@each_step
def test_kill_9_of_the_job_worker(make, operation, point):
    for ending in operation.endings:
        job = make(operation)
        before = job.inventory()
        job.prepare()
        with halted_at(point, job.run) as worker:
            worker.kill()
        if ending == "retry":
            job.run_again()
            job.check()
        job.remove()
        assert job.inventory() == before, ending


@each_step
def test_crash_of_postgresql(make, server, operation, point):
    job = make(operation)
    before = job.inventory()
    job.prepare()
    with halted_at(point, job.run) as worker:
        server.crash()
        server.start()
        outcome = worker.go_on()
    # The job is tried again; where no connection was open at that moment it has noticed nothing.
    assert outcome is None or outcome[0] in ("RetryableError", *HEALED_BY_A_CLICK.get(operation, ())), outcome
    job.run_again()
    job.check()
    job.remove()
    assert job.inventory() == before


def test_the_document_has_the_same_cells():
    text = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
    table = text.split("## Killed at a step", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE)[2:]
    assert [(operation.name, point.name) for operation, point in CELLS] == rows
