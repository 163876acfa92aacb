"""A private PostgreSQL with the roles of the design, for as long as a check takes."""

import os
from contextlib import contextmanager

from stack import lifecycle, manager_database, ports, postgres
from stack.odoo_source import SERIES
from stack.paths import Paths
from stack.secret_files import SecretFiles
from stack.supervisor import Supervisor

# The data live as long as the check: nothing has to survive a power cut.
FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


def forget_given():
    """Forget a server that was given for something else: databases of fixed names are created and dropped here."""
    for name in [name for name in os.environ if name.startswith("SAAS_PG_")]:
        del os.environ[name]


def _expected_ports(source):
    """Return ports far from a demo's and from those of another series: ports that are free now are taken later."""
    distance = 300 * (1 + SERIES.index(source.series))
    return {name: port + distance for name, port in ports.USUAL.items()}


@contextmanager
def database(context, source):
    """Give the Stack of an Odoo with nothing but its PostgreSQL running; deleted in the end.

    :param OdooSource source: which Odoo the Stack's commands run
    """
    run = context.paths.run
    paths = Paths(context.root, run.with_name(f"{run.name}-database-{source.series}"), context.paths.cache)
    lifecycle.reset(paths)
    paths.create()
    secrets = SecretFiles(paths.secrets, paths.addons / "saas_manager")
    secrets.create()
    chosen, _remarks = ports.choose(_expected_ports(source), [])
    cluster = postgres.prepare(paths, chosen["postgres"], secrets)
    with open(cluster.program.directory / "data" / "saas.conf", "a", encoding="utf-8") as file:
        file.write(FAST)
    stack = lifecycle.assemble(paths, chosen, source, cluster, secrets)
    supervisor = Supervisor(paths, stack.tools / "supervisord")
    stack.write_configuration()
    supervisor.start([cluster.program], stack.listener(), dies_with_parent=True)
    try:
        supervisor.start_program("postgres")
        cluster.wait()
        manager_database.bootstrap(stack)
        yield stack
    finally:
        supervisor.stop()
        lifecycle.reset(paths)
