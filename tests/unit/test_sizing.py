"""One formula for the size of services and PostgreSQL."""

import re
from pathlib import Path

import pytest
from saas_engine import sizing
from saas_engine.sizing import GIB, MIB, Given, compute

from stack import postgres, services, sizes

ROOT = Path(__file__).resolve().parents[2]


def test_connections_are_enough_for_every_process_at_its_limit():
    given = Given(workers=3, cron_workers=2, manager_workers=8, manager_cron_workers=1, job_slots=6, own_services=0)
    tenant_service = 3 * 16 + 2 * 4 + 16
    manager = (8 + 1) * 4 + 16 + 6 * 3 + 2 + 8
    found = compute(given)
    assert found.max_connections >= tenant_service + manager + 15
    assert found.max_connections - (tenant_service + manager + 15) < 10
    assert found.db_maxconn == found.db_maxconn_gevent == 16


def test_services_of_tenants_own_have_connections_too():
    none, three = (compute(Given(own_services=number)).max_connections for number in (0, 3))
    assert three - none == pytest.approx(3 * ((2 + 1) * 4 + 8), abs=10)
    small = compute(sizing.own())
    assert small.db_maxconn == 8
    assert sizing.connections([Given(), sizing.own(4)]) - sizing.connections([Given()]) == (4 + 1) * 4 + 8


def test_each_replica_has_connections_of_its_own():
    one, two = (compute(Given(replicas=number)) for number in (1, 2))
    assert two.max_connections - one.max_connections == pytest.approx(3 * 16 + 2 * 4 + 16, abs=10)
    assert two.tenant_connections > one.tenant_connections


def test_tenants_that_are_to_be_ready_are_kept():
    found = compute(Given(tenants=300))
    assert found.registries == 300
    assert found.limit_memory_soft == 300 * 15 * MIB
    assert found.limit_memory_hard == 450 * 15 * MIB
    assert compute(Given(tenants=10)).limit_memory_soft == 2 * GIB


def test_what_is_kept_fits_into_the_memory():
    for gib in (4, 6, 8, 12):
        found = compute(Given(tenants=300, memory=gib * GIB))
        assert 20 < found.registries < 300
        assert found.memory <= gib * GIB
    assert compute(Given(tenants=300, memory=64 * GIB)).registries == 300
    assert compute(Given(tenants=300, memory=GIB // 2)).registries == sizing.FEWEST_REGISTRIES
    assert compute(Given(tenants=5, memory=GIB // 2)).registries == 5


def test_memory_of_a_hundred_tenants():
    services_mb = compute(Given(workers=3)).memory_per_100 / MIB
    blank_mb = compute(Given(workers=3, registry_mb=sizing.REGISTRY_MB["blank"])).memory_per_100 / MIB
    assert services_mb == pytest.approx(5 * 100 * 10.3)
    assert blank_mb == pytest.approx(5 * 100 * 6.3)


@pytest.mark.parametrize(("databases", "seconds"), [(1, 60), (30, 60), (31, 120), (300, 600), (9999, 3600)])
def test_autovacuum_visits_a_database_every_other_second(databases, seconds):
    assert sizing.naptime(databases) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("6g", 6 * GIB), ("6G", 6 * GIB), ("512m", 512 * MIB), ("1.5gb", 3 * GIB // 2), ("77", 77)]
)
def test_sizes_as_compose_writes_them(text, size):
    assert sizing.bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "much", "6x", "-"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError):
        sizing.bytes_of(text)


def test_the_command_prints_the_lines_of_the_env_file(capsys):
    sizing.main(["--workers=6", "--tenants=500", "--memory=24g", "--postgres-memory=8g"])
    printed = dict(line.split("=") for line in capsys.readouterr().out.splitlines())
    explained = re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert set(printed) <= set(explained)
    assert printed["SAAS_TENANT_WORKERS"] == "6"
    assert printed["SAAS_TENANT_MEMORY"] == "24g"
    assert printed["SAAS_PG_SHARED_BUFFERS"] == "2048MB"
    assert printed["SAAS_PG_AUTOVACUUM_NAPTIME"] == "17min"


def test_the_demo_is_as_large_as_the_formula_says(monkeypatch):
    monkeypatch.setattr(sizes, "_machine_memory", lambda: 32 * GIB)
    found = sizes.demo()
    assert found.registries == 300
    assert postgres.settings()["max_connections"] == str(found.max_connections)
    assert f"max_connections = {found.max_connections}\n" in postgres._settings(Path("/x"), 1)
    assert services.PROCESSES["tenant"] == (Given.workers, Given.cron_workers)
    monkeypatch.setattr(sizes, "_machine_memory", lambda: 8 * GIB)
    assert sizes.demo().memory < 8 * GIB
