"""How large a tenant service and its PostgreSQL have to be. docs/sizing.md explains the formula and its numbers.

`make demo`, an installation's start, the bench and a server's "Check My Sizing" all ask here, so that no number is
written by hand twice. Plain Python without imports of ours: the stack's commands load it without Odoo.

    python3 addons/saas_manager/saas_engine/sizing.py --tenants 300 --workers 3 …    the lines of .env
"""

import argparse
import dataclasses
import math

MIB, GIB = 2**20, 2**30
# -- measured: docs/sizing.md
REGISTRY_MB = {"blank": 6.3, "services": 10.3}  # of one tenant in one process
PROCESS_MB = 110  # a process of Odoo before it has served anybody
# -- connections
POOL = 16  # of one process that serves many tenants: one at work, the others kept for tenants that come again
OWN_POOL = 8  # of one that serves a tenant of its own; only the one with the websockets needs as many
AT_ONCE = 4  # what one request, job or cron opens at the same time at most; a cron worker closes a tenant's after it
PER_JOB = 3  # what the manager's engine opens beside Odoo's pool while a job runs
ONE_SHOT = 8  # two commands that build or upgrade
RUNNER = 2  # the job runner's own
OWN_WORKERS, OWN_CRON_WORKERS = 2, 1  # of a tenant's own service, where its plan says nothing else
RESERVE = 15  # PostgreSQL's own reserve (3), the gateways' links to the directory, people, backups
# -- memory
ODOO_PER_REGISTRY = 15 * MIB  # by which Odoo turns its soft limit into a number of registries
LEAST_SOFT = 2 * GIB  # a process that has loaded a few registries maps more than it uses
LEAST_OWN_SOFT = GIB  # one that has loaded a single one
HARD_PER_SOFT = 1.5
FEWEST_REGISTRIES = 20
POSTGRES_SHARE = 4  # shared_buffers is a quarter of PostgreSQL's memory
# -- autovacuum
SECONDS_PER_DATABASE = 2  # it visits each database once per naptime, at 10 ms of a core: 0.5 %
NAPTIMES = (60, 3600)


@dataclasses.dataclass(frozen=True)
class Given:
    """What somebody has chosen.

    :param int tenants: that are to be ready in every process
    :param int workers: processes of one replica of the tenant service that answer people
    :param int cron_workers: its processes for scheduled actions
    :param int replicas: how many such services stand side by side
    :param int job_slots: jobs that the manager runs at once
    :param int own_services: services of tenants' own that PostgreSQL is to have room for, too
    :param float registry_mb: memory of one tenant in one process
    :param int memory: bytes that one replica may use; None: as many as it likes
    :param int postgres_memory: bytes that PostgreSQL may use
    :param bool is_own: a service of a tenant's own, which serves nobody else
    """

    tenants: int = 300
    workers: int = 3
    cron_workers: int = 2
    replicas: int = 1
    manager_workers: int = 8
    manager_cron_workers: int = 1
    job_slots: int = 6
    own_services: int = 4
    db_maxconn: int = POOL
    registry_mb: float = REGISTRY_MB["services"]
    memory: int | None = None
    postgres_memory: int = GIB
    is_own: bool = False


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What follows: connections, bytes, and seconds (naptime).

    :ivar int tenant_connections: the limit of a tenant's role must not be lower
    :ivar int registries: tenants that each process keeps ready
    :ivar int memory_per_100: bytes that a hundred tenants take which are ready in all processes of a replica
    :ivar int memory: bytes that one replica takes when all its registries are there
    """

    db_maxconn: int
    db_maxconn_gevent: int
    max_connections: int
    tenant_connections: int
    registries: int
    limit_memory_soft: int
    limit_memory_hard: int
    autovacuum_naptime: int
    shared_buffers: int
    memory_per_100: int
    memory: int

    def arguments(self):
        """Return Odoo's arguments of the tenant service."""
        return [
            *self.pool_arguments(),
            f"--limit-memory-soft={self.limit_memory_soft}",
            f"--limit-memory-hard={self.limit_memory_hard}",
        ]

    def pool_arguments(self):
        """Return Odoo's arguments that limit the connections of a process, of either service."""
        return [f"--db_maxconn={self.db_maxconn}", f"--db_maxconn_gevent={self.db_maxconn_gevent}"]

    def environment(self):
        """Return what the gateway reads; Odoo has no argument for it."""
        return {"SAAS_REGISTRIES": str(self.registries)}

    def postgres_settings(self):
        """Return the settings of the cluster that depend on size, as PostgreSQL writes them."""
        return {
            "max_connections": str(self.max_connections),
            "shared_buffers": f"{self.shared_buffers // MIB}MB",
            "autovacuum_naptime": f"{self.autovacuum_naptime // 60}min",
        }


def compute(given):
    """Return the Sizes of what was chosen.

    :param Given given: numbers of 1 and more (`own_services`: of 0 and more)
    """
    registries = _registries(given)
    soft = max(LEAST_SOFT, registries * ODOO_PER_REGISTRY)
    return Sizes(
        db_maxconn=given.db_maxconn,
        db_maxconn_gevent=given.db_maxconn,
        max_connections=_round_up(connections([given, *[own()] * given.own_services]), 10),
        tenant_connections=_tenant_connections(given),
        registries=registries,
        limit_memory_soft=soft,
        limit_memory_hard=int(soft * HARD_PER_SOFT),
        autovacuum_naptime=naptime(given.tenants),
        shared_buffers=given.postgres_memory // POSTGRES_SHARE,
        memory_per_100=int(100 * _copies(given) * given.registry_mb * MIB),
        memory=_processes_memory(given) + int(registries * _copies(given) * given.registry_mb * MIB),
    )


def own(workers=OWN_WORKERS, cron_workers=OWN_CRON_WORKERS):
    """Return what is given of a service of a tenant's own."""
    few = {"tenants": 1, "own_services": 0, "db_maxconn": OWN_POOL}
    return Given(**few, workers=workers, cron_workers=cron_workers, is_own=True)


def connections(services):
    """Return how many connections a cluster must take for tenant services, the manager and everybody else.

    :param services: a Given for each tenant service; what they say of the manager is the same
    """
    return sum(map(_service_connections, services)) + _manager_connections(services[0]) + RESERVE


def _service_connections(given):
    kept = AT_ONCE if given.is_own else given.db_maxconn  # connections to others are kept, in case they come again
    of_one = given.workers * kept + given.cron_workers * AT_ONCE + given.db_maxconn
    return given.replicas * of_one


def _manager_connections(given):
    """Return what the manager opens: its processes serve one database, so that no pool of theirs fills up."""
    processes = (given.manager_workers + given.manager_cron_workers) * AT_ONCE + given.db_maxconn
    return processes + given.job_slots * PER_JOB + RUNNER + ONE_SHOT


def _tenant_connections(given):
    """A worker keeps one connection of a tenant and opens more while it works; all may work for the same one."""
    return given.replicas * (given.workers + given.cron_workers + 1) * 2 + PER_JOB


def _copies(given):
    """In how many processes of a replica a tenant stands: each worker, one cron worker, the one with the websockets."""
    return given.workers + 2


def _processes_memory(given):
    return (given.workers + given.cron_workers + 2) * PROCESS_MB * MIB  # the evented one, and the parent


def _registries(given):
    if given.memory is None:
        return given.tenants
    room = given.memory - _processes_memory(given)
    fits = int(room / (_copies(given) * given.registry_mb * MIB))
    return min(given.tenants, max(fits, FEWEST_REGISTRIES))


def naptime(databases):
    """Return autovacuum_naptime in seconds, whole minutes: so long that a database is visited every other second."""
    least, most = NAPTIMES
    return min(max(_round_up(databases * SECONDS_PER_DATABASE, 60), least), most)


def _round_up(number, step):
    return math.ceil(number / step) * step


def bytes_of(text):
    """Return the bytes of a size as compose and systemd write it: 512m, 6g, 6G, 1.5g, 1073741824.

    :raise ValueError: it is none
    """
    units = {"k": 2**10, "m": MIB, "g": GIB, "t": 2**40}
    number = text.strip().lower().removesuffix("b")
    unit = units.get(number[-1:], 1)
    return int(float(number.rstrip("kmgt")) * unit)


def main(arguments=None):
    """Print the lines of .env that follow from what is chosen on the command line."""
    parser = argparse.ArgumentParser(description="The lines of .env that follow from what is chosen.")
    for field in filter(lambda field: field.name != "is_own", dataclasses.fields(Given)):
        kind = bytes_of if field.name.endswith("memory") else type(field.default)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=field.default)
    given = Given(**vars(parser.parse_args(arguments)))
    sizes = compute(given)
    lines = {
        "SAAS_TENANTS": given.tenants,
        "SAAS_TENANT_WORKERS": given.workers,
        "SAAS_TENANT_CRON_PROCESSES": given.cron_workers,
        "SAAS_MANAGER_WORKERS": given.manager_workers,
        "SAAS_MANAGER_CRON_PROCESSES": given.manager_cron_workers,
        "SAAS_DB_MAXCONN": sizes.db_maxconn,
        **{f"SAAS_PG_{name.upper()}": value for name, value in sizes.postgres_settings().items()},
        "SAAS_TENANT_MEMORY": f"{math.ceil((given.memory or sizes.memory) / GIB)}g",
    }
    print("\n".join(f"{name}={value}" for name, value in lines.items()))  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main()
