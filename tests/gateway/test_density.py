"""A house with twenty tenants: the rows of `make bench ONLY=density`, with room for a machine that does other work."""

import statistics

import pytest
from support import postgres
from support.house import building, crons, obedience, pages, processes
from support.house.stock import only, stock
from support.odoo_home import odoo_home

TENANTS, SERVICES = 20, 3
LIMIT = 12  # seconds that a cron process may take; the one that watches looks every four
OPTIONS = {**postgres.OPTIONS, "max_connections": "120"}


@pytest.fixture(scope="module")
def house():
    """The house, whose tenants are there."""
    if not (odoo_home() / "odoo-bin").exists() or not postgres.installed():
        pytest.skip("NO ODOO OR NO POSTGRESQL")
    with building.house(TENANTS, OPTIONS) as made:
        made.fill()
        yield made


@pytest.fixture(scope="class")
def service(house):
    """Its service, with one worker less than in the demo."""
    with house.serving(2, 2) as process:
        house.forget_crons()
        yield process


def test_the_last_clone_takes_no_longer_than_the_first(house):
    first, last = house.clone_seconds[:5], house.clone_seconds[-5:]
    assert statistics.median(last) < 3 * statistics.median(first), house.clone_seconds


class TestServed:
    def test_no_page_of_any_tenant_fails(self, house, service, figure):
        seconds, failed = pages.ask_all(house.tenants)
        figure("login page of twenty tenants, three times each", f"{statistics.median(seconds):.2f} s")
        assert len(seconds) == 3 * TENANTS
        assert not failed

    def test_a_request_costs_what_it_costs_in_stock_odoo(self, house, service, figure):
        with stock(house) as other, other.new_database() as database, other.serving(2, 1, *only(database)):
            ratio = pages.ratio(*pages.interleaved(house.tenants[-1], other, database, 100))
        figure("request with twenty tenants / stock with one", f"{ratio:.2f}x")
        assert ratio < 1.3

    def test_all_processes_obey_within_a_second(self, house, service, figure):
        found = obedience.measure(house.tenants[0], 1)
        figure("all processes obey after", found)
        assert found.new_host < 1
        assert found.suspension < 1
        assert found.resumption < 1

    def test_a_triggered_job_runs_within_two_seconds(self, house, service, figure):
        crons.seconds_to_run(house.tenants[1])  # loads it in a process with low priority: seconds of a busy machine
        seconds = sorted(crons.seconds_to_run(house.tenants[1]) for _round in range(3))
        figure("triggered job of one among twenty", f"{seconds[1]:.2f} s")
        assert seconds[1] < 2, seconds

    def test_idle_tenants_cost_nothing(self, house, service, figure):
        before = crons.count_sessions(house)
        cost = crons.idle_cost(house, service, 6)
        figure("twenty idle tenants, PostgreSQL and Odoo", f"{cost[0]:.1%} and {cost[1]:.1%} of a core")
        assert sum(cost) < 0.1
        assert crons.count_sessions(house) == before, "an idle tenant's database was opened"

    def test_sessions_are_counted(self, house, service):
        """The control of the one above: a job that runs opens its tenant's database."""
        before = crons.count_sessions(house)
        crons.seconds_to_run(house.tenants[2])
        assert crons.count_sessions(house) > before

    def test_memory_of_a_tenant_in_each_worker(self, house, service, figure):
        """Marginal: what one more of the small tenants takes in each of the workers, once they are warm."""
        pages.ask_side_by_side(house.tenants[:10], 2)
        first = processes.memory(service.pid)
        more = [house.stack.create_tenant(f"more{number}") for number in range(SERVICES)]
        for _round in range(2):
            _seconds, failed = pages.ask_side_by_side(more, 2)
            assert not failed
        each = (processes.memory(service.pid) - first) / 2 / len(more)
        figure("a small tenant more takes in each worker", f"{each:.1f} MiB")
        assert each < 12


def test_endless_jobs_starve_nobody(house, figure):
    """Last: three tenants stay endless."""
    with house.serving(2, 2, f"--limit-time-real-cron={LIMIT}"):
        house.forget_crons()
        waits = crons.waits_behind_endless(house, LIMIT, 8)
    longest, second, *_others = sorted(waits, reverse=True)
    figure("a neighbour behind three endless jobs", ", ".join(f"{wait:.1f} s" for wait in waits))
    assert longest < LIMIT + 20, waits  # the one that watches, a new process, a registry that it loads
    assert second < 5, waits  # at home with a worker that is stuck: another one takes over
