"""A stock Odoo in the same house: same code, same cluster, same settings, without the gateway."""

import contextlib
import os
import secrets
import tempfile
import uuid
from pathlib import Path

from psycopg2 import sql

from .. import odoo_service, postgres
from ..gateway_client import Client
from ..gateway_service import DOMAIN
from ..gateway_template import TEMPLATE

ROLE = "stock"


class Stock:
    """What is served, and where."""

    def __init__(self, house):
        self.house, self.server = house, house.stack.server
        self.port, self.gevent_port = postgres.free_port(), postgres.free_port()
        self.password = secrets.token_urlsafe(24)

    def run(self, statement, *names):
        """Run a statement as the superuser, with names in its braces."""
        self.house.superuser(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def create_role(self):
        """Make its role, which owns what it serves: Odoo looks for databases by their owner."""
        create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {} IN ROLE saas_owner")
        self.house.superuser(create.format(sql.Identifier(ROLE), sql.Literal(self.password)))
        self.run("GRANT CONNECT ON DATABASE postgres TO {}", ROLE)

    def drop_role(self):
        self.run("REVOKE CONNECT ON DATABASE postgres FROM {}", ROLE)
        self.run("DROP ROLE {}", ROLE)

    @contextlib.contextmanager
    def new_database(self):
        """Give the name of a new clone of the small template that this Odoo owns."""
        name = f"stock{uuid.uuid4().hex[:8]}"
        self.run("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY wal_log", name, ROLE, TEMPLATE)
        try:
            yield name
        finally:
            self.run("DROP DATABASE {} WITH (FORCE)", name)

    @contextlib.contextmanager
    def taking_over(self, tenants):
        """Own the databases of tenants for a while; the gateway's service must not run."""
        for tenant in tenants:
            self.run("ALTER DATABASE {} OWNER TO {}", tenant.db, ROLE)
            self.run("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", tenant.db, ROLE)
        try:
            yield
        finally:
            for tenant in tenants:
                self.run("ALTER DATABASE {} OWNER TO saas_manager", tenant.db)
                self.run("REVOKE ALL ON DATABASE {} FROM saas_manager", tenant.db)

    def client(self, database):
        """Return a client of the host that has the name of a database."""
        return Client(self.port, self.gevent_port, f"{database}.{DOMAIN}", database)

    @contextlib.contextmanager
    def serving(self, workers, cron_workers, *arguments):
        """Run it with so many processes; give the parent."""
        with tempfile.TemporaryDirectory(prefix="saas-stock-") as folder:
            processes = (f"--workers={workers}", f"--max-cron-threads={cron_workers}")
            command = [*self._command(Path(folder)), *processes, *arguments]
            environment, log = self._environment(Path(folder)), Path(folder) / "log"
            with odoo_service.running(command, environment, log, self.client("nobody").is_up) as process:
                yield process

    def _command(self, folder):
        ports = (f"--http-port={self.port}", f"--gevent-port={self.gevent_port}")
        base = odoo_service.command(self.server, ROLE, folder / "data")
        return [*base, *ports, *self.house.stack.sizes.arguments()]

    def _environment(self, folder):
        passfile = folder / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:{ROLE}:{self.password}\n")
        given = {name: os.environ[name] for name in ("HOME", "LANG", "TZ", "PATH") if name in os.environ}
        return {**given, "PGPASSFILE": str(passfile)}


def only(database):
    """Return the arguments for one database, which spare Odoo its look for others at each request."""
    return (f"--database={database}", "--db-filter=")


@contextlib.contextmanager
def stock(house):
    """Give a Stock of a house; its role is dropped in the end."""
    made = Stock(house)
    made.create_role()
    try:
        yield made
    finally:
        made.drop_role()
