"""What a server has beside what it should have."""

import dataclasses

import pytest
from saas_engine import sizing
from saas_engine.runtime import Runtime
from saas_engine.sizing import GIB, MIB, Given
from saas_engine.sizing_check import ClusterSize, ServiceSize, findings

CLUSTER = ClusterSize(170, 40, 310, 256 * MIB, 660, 32 * GIB)
SERVICE = ServiceSize(workers=3, cron_workers=2, db_maxconn=16, registries=300, limit_memory_soft=4500 * MIB)
OWN = ServiceSize(workers=2, cron_workers=1, db_maxconn=8, registries=68, limit_memory_soft=GIB, is_own=True)


def states(cluster=CLUSTER, services=(SERVICE,), tenants=300, plan_connections=20):
    found = findings(cluster, list(services), Given(), tenants, plan_connections)
    return {finding.code: finding.state for finding in found}


def test_what_the_formula_gives_is_fine():
    assert set(states().values()) == {"fine"}


@pytest.mark.parametrize(
    ("code", "changes", "state"),
    [
        ("max_connections", {"max_connections": 130}, "small"),
        ("connections", {"connections": 160}, "large"),
        ("memory", {"machine_memory": 8 * GIB}, "small"),
        ("memory", {"machine_memory": None}, "unknown"),
        ("shared_buffers", {"shared_buffers": 128 * MIB}, "small"),
        ("autovacuum_naptime", {"autovacuum_naptime": 60}, "small"),
    ],
)
def test_what_is_wrong_of_the_cluster_is_found(code, changes, state):
    changed = states(dataclasses.replace(CLUSTER, **changes))
    assert changed.pop(code) == state
    assert set(changed.values()) == {"fine"}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("registries", {"registries": 100}),
        ("limit_memory_soft", {"limit_memory_soft": 2 * GIB}),
        ("max_connections", {"db_maxconn": 64}),
    ],
)
def test_what_is_wrong_of_a_service_is_found(code, changes):
    assert states(services=[dataclasses.replace(SERVICE, **changes)])[code] == "small"


def test_services_of_one_server_add_up():
    assert states(services=[SERVICE, SERVICE])["max_connections"] == "small"
    assert states(dataclasses.replace(CLUSTER, max_connections=240), [SERVICE, SERVICE])["max_connections"] == "fine"


def test_a_service_of_a_tenants_own_needs_little():
    roomy = dataclasses.replace(CLUSTER, max_connections=187)
    assert set(states(roomy, [SERVICE, OWN]).values()) == {"fine"}
    assert states(dataclasses.replace(CLUSTER, max_connections=140), [SERVICE, OWN])["max_connections"] == "small"
    tight = dataclasses.replace(OWN, limit_memory_soft=GIB // 2)
    assert states(roomy, [SERVICE, tight])["limit_memory_soft"] == "small"


def test_a_plan_with_too_few_connections_is_found():
    assert states(plan_connections=5)["plan_connections"] == "small"


def test_a_service_is_read_from_its_file():
    sizes = sizing.compute(Given(tenants=50))
    command = ["odoo-bin", *sizes.arguments()]
    runtime = Runtime("shared", "18.0", "", None, command, sizes.environment(), ["--workers=5", "--max-cron-threads=1"])
    assert ServiceSize.of(runtime) == ServiceSize(5, 1, 16, 50, 2 * GIB)
    own = Runtime("own1", "18.0", "", None, command, {"SAAS_DEDICATED": "1"})
    assert ServiceSize.of(own).is_own
    assert ServiceSize.of(Runtime("shared", "18.0", "", None, ["odoo-bin"], {})) == ServiceSize(3, 2, 64, 136, 2 * GIB)
