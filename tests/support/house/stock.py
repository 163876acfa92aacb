"""A stock Odoo in the same house: same code, same cluster, same settings, without the gateway."""

import contextlib
import http.client
import os
import secrets
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from psycopg2 import sql

from .. import postgres
from ..gateway_service import DOMAIN, START_SECONDS, stop
from ..gateway_template import TEMPLATE
from ..odoo_home import ROOT, addons_path, odoo_home, series

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

    def status(self, name, path="/web/login"):
        """Return the status of a request at the host of a database."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": f"{name}.{DOMAIN}", "Accept": "text/html"})
            answer = connection.getresponse()
            answer.read()
            return answer.status

    @contextlib.contextmanager
    def serving(self, workers, cron_workers, *arguments):
        """Run it with so many processes; give the parent."""
        with tempfile.TemporaryDirectory(prefix="saas-stock-") as folder:
            processes = (f"--workers={workers}", f"--max-cron-threads={cron_workers}")
            command = [*self._command(Path(folder)), *processes, *arguments]
            log = Path(folder) / "log"
            with open(log, "wb") as file:
                options = {"stdout": file, "stderr": file, "start_new_session": True}
                process = subprocess.Popen(command, env=self._environment(Path(folder)), **options)
            try:
                self._wait(process, log)
                yield process
            finally:
                stop(process)

    def _command(self, folder):
        home = odoo_home()
        return [
            sys.executable,
            str(home / "odoo-bin"),
            f"--config={ROOT / 'odoo.conf'}",
            f"--addons-path={addons_path(home)}",
            f"--data-dir={folder / 'data'}",
            f"--db_host={self.server.host}",
            f"--db_port={self.server.port}",
            f"--db_user={ROLE}",
            f"--load={'base,rpc,web' if series() >= '19.0' else 'base,web'}",
            f"--http-port={self.port}",
            f"--gevent-port={self.gevent_port}",
            *self.house.stack.sizes.arguments(),
        ]

    def _environment(self, folder):
        passfile = folder / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:{ROLE}:{self.password}\n")
        given = {name: os.environ[name] for name in ("HOME", "LANG", "TZ", "PATH") if name in os.environ}
        return {**given, "PGPASSFILE": str(passfile)}

    def _wait(self, process, log):
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the stock service did not start:\n{log.read_text()[-5000:]}")
            time.sleep(0.1)

    def _answers(self):
        try:
            return self.status("nobody", "/web/health") == 200
        except OSError:
            return False


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
