"""Many tenants in one service: what they cost, and whether one hears the other.

They live in a house of their own (`support/house`), set up as `make demo` sets up this machine, with the small template
of the gateway's tests (Blank without contacts, calendar and portal). A row that can't be measured is a row that is
missed; the others are measured all the same.
"""

import statistics
import traceback
from pathlib import Path

from support.house import crons, obedience, pages, processes
from support.house.building import house
from support.house.stock import only, stock
from support.odoo_home import series

from stack import postgres, services, sizes

GROUP, TITLE = "density", "Many tenants"
WORKERS, CRON_WORKERS = services.PROCESSES["tenant"]
PLACE = Path("/var/tmp")
IDLE_SECONDS, LOAD_SECONDS = 120, 900
ENDLESS_LIMIT, ENDLESS_SAMPLES = 60, 12
SERVICES_TENANTS, SERVICES_MIB = 100, 4096
END = 9  # so many first and last clones are compared


class Bench:
    """One house, and what several rows need of each other."""

    def __init__(self, made, report):
        self.house, self.report, self.idle = made, report, None

    # -- while the service runs as in the demo

    def measure_pages(self, _service):
        """Every tenant's login page, three times."""
        seconds, failed = pages.ask_all(self.house.tenants)
        what = f"{len(self.house.tenants)} tenants' login pages, three times each"
        measured = f"{len(failed)} of {len(seconds)} failed (median {statistics.median(seconds):.2f} s)"
        self.report.add_fact(what, "; ".join([measured, *failed[:3]]), "0 failed", not failed)

    def measure_obedience(self, _service):
        """New host, suspension, resumption."""
        found = [obedience.measure(tenant, number) for number, tenant in enumerate(self.house.tenants[:5])]
        for name in ("new_host", "suspension", "resumption"):
            what = f"{name.replace('_', ' ')} on all workers, websockets included"
            self.report.add_worst(what, [getattr(one, name) for one in found], below=1.0)

    def measure_gateway_cost(self, _service):
        """A page of one tenant among many, against stock Odoo that serves one database and looks for no other."""
        tenant = self.house.tenants[-1]
        with stock(self.house) as other, other.new_database() as database:
            with other.serving(WORKERS, CRON_WORKERS, *only(database)):
                ours, stocks = pages.interleaved(tenant, other, database)
        self.report.add_ratio(
            f"request with {len(self.house.tenants)} tenants / stock with one", ours, stocks, at_most=1.05
        )

    def measure_triggered_cron(self, _service):
        """A job that becomes due, of one tenant among many."""
        seconds = [crons.seconds_to_run(tenant) for tenant in self.house.tenants[-10:]]
        self.report.add_worst(f"triggered scheduled action of one among {len(self.house.tenants)}", seconds, below=2.0)

    def measure_idle_crons(self, service):
        """What the house costs while nobody is there; compared with stock's when this service is down."""
        crons.load_all(self.house, LOAD_SECONDS)
        self.house.say(f"idle for {IDLE_SECONDS} s")
        self.idle = crons.idle_cost(self.house, service, IDLE_SECONDS)

    # -- on their own

    def measure_clones(self):
        """The last clones against the first."""
        seconds = self.house.clone_seconds
        what = f"clone number {len(seconds)} / clone number 1 (the last and the first {END})"
        self.report.add_ratio(what, seconds[-END:], seconds[:END], at_most=1.6)

    def measure_endless_crons(self):
        """Who waits behind three scheduled actions that never end."""
        with self.house.serving(2, 2, f"--limit-time-real-cron={ENDLESS_LIMIT}"):
            self.house.forget_crons()
            waits = crons.waits_behind_endless(self.house, ENDLESS_LIMIT, ENDLESS_SAMPLES)
        longest, *others = sorted(waits, reverse=True)
        what = f"a neighbour behind three endless scheduled actions (limit {ENDLESS_LIMIT} s)"
        self.report.add_worst(f"{what}, once", [longest], below=1.1 * ENDLESS_LIMIT)
        self.report.add_worst(f"{what}, then", others, below=3.0)

    def measure_idle_crons_of_stock(self):
        """The same house, served by stock Odoo on a PostgreSQL that visits each database every minute."""
        tenants = self.house.tenants
        self._set_naptime("1min")
        try:
            with (
                stock(self.house) as other,
                other.taking_over(tenants),
                other.serving(WORKERS, CRON_WORKERS) as service,
            ):
                crons.load_all(self.house, LOAD_SECONDS)
                self.house.say(f"stock idle for {IDLE_SECONDS} s")
                of_stock = crons.idle_cost(self.house, service, IDLE_SECONDS)
        finally:
            self._set_naptime(None)
        self._add_idle(of_stock)

    def _add_idle(self, of_stock):
        ours, stocks = sum(self.idle), sum(of_stock)
        shares = " against ".join(
            f"{sum(cost):.1%} of a core (PostgreSQL {cost[0]:.1%}, Odoo {cost[1]:.1%})"
            for cost in (self.idle, of_stock)
        )
        what = f"idle scheduled actions of {len(self.house.tenants)} tenants"
        self.report.add_fact(f"{what} / stock's", f"{ours / stocks:.2f}x: {shares}", "at most 0.2x", ours <= stocks / 5)
        self.report.add_fact(what, f"{ours:.1%} of a core", "under 5 % of a core", ours < 0.05)

    def _set_naptime(self, value):
        statement = f"SET autovacuum_naptime = '{value}'" if value else "RESET autovacuum_naptime"
        self.house.superuser(f"ALTER SYSTEM {statement}")
        self.house.superuser("SELECT pg_reload_conf()")

    def measure_services_memory(self):
        """A hundred tenants with the apps of Services, all of them known to both workers."""
        self.house.withdraw()
        tenants = self.house.fill_with_services(min(SERVICES_TENANTS, self.house.count))
        self.house.forget_crons()
        with self.house.serving(2, 1) as service:
            before = processes.memory(service.pid)
            _load(tenants, 2)
            odoo, cluster = processes.memory(service.pid), processes.memory(self.house.stack.server.process.pid)
        each = (odoo - before) / 2 / len(tenants)
        parts = f"Odoo {odoo:.0f}, {before:.0f} before it has served anybody, {each:.1f} a tenant and worker"
        measured = f"{odoo + cluster:.0f} MiB ({parts}; PostgreSQL {cluster:.0f})"
        what = f"{len(tenants)} Services tenants in 2 workers, scheduled actions, websockets, PostgreSQL: PSS"
        self.report.add_fact(what, measured, "under 4 GiB", odoo + cluster < SERVICES_MIB)


def _load(tenants, workers):
    """Ask until every worker has each tenant in memory: then no page takes long any more."""
    for _attempt in range(4):
        seconds, failed = pages.ask_side_by_side(tenants, workers)
        assert not failed, failed[:3]
        if max(seconds) < 0.5:
            return


# A row's name -> what measures it, in two places: while the service of the demo runs, and without it.
WITH_SERVICE = ("pages", "obedience", "triggered_cron", "gateway_cost", "idle_crons")
ROWS = ("clones", *WITH_SERVICE, "endless_crons", "services_memory")


def wanted(names):
    """Return those of our rows that were asked for, by name or as a group."""
    return [name for name in ROWS if name in names or GROUP in names]


def measure(report, rows, count):
    """Add rows to a report.

    :param rows: names of ROWS
    :param int count: how many tenants the house has
    :return: the versions that were measured, in words
    """
    settings = {**postgres.settings(), "listen_addresses": "127.0.0.1"}
    with house(count, settings, sizes.demo(), PLACE, lambda text: print(f"… {text}", flush=True)) as made:
        bench = Bench(made, report)
        made.fill()
        if "clones" in rows:
            _measure(report, "clones", bench.measure_clones)
        _measure_with_service(bench, [name for name in WITH_SERVICE if name in rows])
        if bench.idle:
            _measure(report, "idle_crons", bench.measure_idle_crons_of_stock)
        # Three tenants stay endless: nobody who looks at all of them comes after.
        if "endless_crons" in rows:
            _measure(report, "endless_crons", bench.measure_endless_crons)
        if "services_memory" in rows:
            _measure(report, "services_memory", bench.measure_services_memory)
        [[version]] = made.superuser("SHOW server_version")
    return f"Odoo {series()}, PostgreSQL {version}"


def _measure_with_service(bench, rows):
    if rows:
        with bench.house.serving(WORKERS, CRON_WORKERS) as service:
            bench.house.forget_crons()
            for name in rows:
                bench.house.say(name)
                _measure(bench.report, name, lambda name=name: getattr(bench, f"measure_{name}")(service))


def _measure(report, name, work):
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever stops one row is its result, the other rows are still worth it
        traceback.print_exc()
        report.add_fact(name, f"could not be measured: {error!r:.300}", "", False)
