"""What a server has, beside what the sizing formula says that it should have."""

import dataclasses

from . import cluster_report, sizing

ODOO_MAXCONN = 64  # what a process opens where it was told nothing
ODOO_SOFT = 2 * sizing.GIB
SOME = 0.9  # of what should be is near enough


@dataclasses.dataclass(frozen=True)
class ClusterSize:
    """What PostgreSQL says of itself: connections, bytes, seconds."""

    max_connections: int
    connections: int
    databases: int
    shared_buffers: int
    autovacuum_naptime: int
    machine_memory: int | None = None  # None where it runs on another machine


@dataclasses.dataclass(frozen=True)
class ServiceSize:
    """What a tenant service was started with."""

    workers: int
    cron_workers: int
    db_maxconn: int
    registries: int
    limit_memory_soft: int
    is_own: bool = False  # a tenant's own, which serves nobody else

    @classmethod
    def of(cls, runtime):
        """Return that of a `Runtime`; where its file says nothing, Odoo's own defaults."""
        soft = runtime.option("limit_memory_soft") or ODOO_SOFT
        registries = runtime.environment.get("SAAS_REGISTRIES", "")
        return cls(
            workers=runtime.option("workers") or sizing.Given.workers,
            cron_workers=runtime.option("max_cron_threads") or sizing.Given.cron_workers,
            db_maxconn=runtime.option("db_maxconn") or ODOO_MAXCONN,
            registries=int(registries) if registries.isdecimal() else soft // sizing.ODOO_PER_REGISTRY,
            limit_memory_soft=soft,
            is_own=runtime.environment.get("SAAS_DEDICATED") == "1",
        )

    @property
    def least_soft(self):
        """Bytes that a process may map at least, below which it would be replaced all the time."""
        if self.is_own:
            return sizing.LEAST_OWN_SOFT
        # As many tenants as it keeps, of the largest.
        mapped = self.registries * int(sizing.REGISTRY_MB["services"] * sizing.MIB) + sizing.GIB // 2
        return max(sizing.LEAST_SOFT, mapped)


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line: a code, what is, what should be at least (connections, tenants, bytes or seconds); None is unknown."""

    code: str
    actual: int | None
    wanted: int
    is_most: bool = False  # what should be is the most that it may be

    @property
    def state(self):
        """Return "fine", "small" (too small), "large" or "unknown"."""
        if self.actual is None:
            return "unknown"
        if self.is_most:
            return "large" if self.actual > self.wanted else "fine"
        return "fine" if self.actual >= self.wanted * SOME else "small"


def read(cluster):
    """Ask a `Cluster` for its size."""
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("""
            SELECT current_setting('max_connections')::int,
                   (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL),
                   (SELECT count(*) FROM pg_database WHERE datallowconn),
                   (SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'),
                   (SELECT setting::int FROM pg_settings WHERE name = 'autovacuum_naptime')
        """)
        row = cr.fetchone()
    is_here = cluster.host in cluster_report.LOCAL_HOSTS or cluster.host.startswith("/")
    return ClusterSize(*row, cluster_report.machine_memory()[1] if is_here else None)


def findings(found, services, manager, tenants, plan_connections):
    """Compare what is with what should be.

    :param ClusterSize found: of the cluster
    :param services: a ServiceSize for each tenant service of the server
    :param sizing.Given manager: the manager's own processes and job slots
    :param int tenants: that live on the server
    :param int plan_connections: the lowest limit of connections of a plan
    :return: a list of Finding
    """
    given = [_given(service, manager, tenants) for service in services]
    sizes = [sizing.compute(each) for each in given]
    connections = sizing.connections(given)
    memory = sum(size.memory for size in sizes) + found.shared_buffers
    return [
        Finding("max_connections", found.max_connections, connections),
        Finding("connections", found.connections, found.max_connections - sizing.RESERVE, is_most=True),
        Finding("plan_connections", plan_connections, max(size.tenant_connections for size in sizes)),
        Finding("registries", min((each.registries for each in services if not each.is_own), default=tenants), tenants),
        Finding("limit_memory_soft", *_tightest_limit(services)),
        Finding("memory", found.machine_memory, memory),
        Finding("shared_buffers", found.shared_buffers, sizing.Given.postgres_memory // sizing.POSTGRES_SHARE),
        Finding("autovacuum_naptime", found.autovacuum_naptime, sizing.naptime(found.databases)),
    ]


def _given(service, manager, tenants):
    return dataclasses.replace(
        manager,
        tenants=1 if service.is_own else min(tenants, service.registries) or 1,
        workers=service.workers,
        cron_workers=service.cron_workers,
        db_maxconn=service.db_maxconn,
        is_own=service.is_own,
    )


def _tightest_limit(services):
    """Return the soft limit of the service that has the least room for what its processes map, and what it needs."""
    tightest = min(services, key=lambda service: service.limit_memory_soft / service.least_soft)
    return tightest.limit_memory_soft, tightest.least_soft
