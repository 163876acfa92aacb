"""A stock Odoo beside the stack: same code, same cluster, same machine, without gateway and manager."""

import base64
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import requests
from psycopg2 import sql

ROLE = "bench_stock"
MASTER_PASSWORD = secrets.token_urlsafe(16)


class StockOdoo:
    """Commands of a stock Odoo whose role, databases and folders are removed at the end."""

    def __init__(self, demo):
        self.demo = demo
        self.runtime = json.loads((demo.run_dir / "runtimes/shared/runtime.json").read_text())
        self.port = _free_port()
        self.databases = []

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="saas-bench-"))
        self._create_role(secrets.token_urlsafe(24))
        (self.folder / "odoo.conf").write_text(f"[options]\nadmin_passwd = {MASTER_PASSWORD}\nlist_db = True\n")
        return self

    def __exit__(self, *failure):
        with self.demo.superuser() as cr:
            for database in self.databases:
                cr.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
            self._drop_role(cr)
        shutil.rmtree(self.folder)

    def _create_role(self, password):
        with self.demo.superuser() as cr:
            self._drop_role(cr)
            role = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD %s IN ROLE saas_owner")
            cr.execute(role.format(sql.Identifier(ROLE)), [password])
            cr.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(sql.Identifier(ROLE)))
        passfile = self.folder / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:{ROLE}:{password}\n")

    @staticmethod
    def _drop_role(cr):
        cr.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE])
        if cr.rowcount:
            cr.execute(sql.SQL("REVOKE ALL ON DATABASE postgres FROM {0}; DROP ROLE {0}").format(sql.Identifier(ROLE)))

    @property
    def data_dir(self):
        return self.folder / "data"

    def create_database(self, template="template0"):
        """Create a database that this Odoo owns and return its name."""
        name = f"bench{uuid.uuid4().hex[:10]}"
        self.databases.append(name)
        with self.demo.superuser() as cr:
            create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'")
            cr.execute(create.format(*map(sql.Identifier, (name, ROLE, template))))
        return name

    def install(self, modules):
        """Return the seconds that an installation into an empty database takes."""
        database = self.create_database()
        start = time.monotonic()
        self._run("-d", database, "-i", modules, "--stop-after-init", "--no-http", *self._without_demo())
        return time.monotonic() - start

    def _without_demo(self):
        return ["--without-demo=all"] if self.runtime["release"].startswith("18.") else []

    def _run(self, *arguments):
        subprocess.run(self._command(*arguments), env=self._environment(), check=True, capture_output=True)

    def _command(self, *arguments):
        """The tenant service's own command, with other settings and without the gateway."""
        kept = ("--addons-path=", "--db_host=", "--db_port=")
        python, program, *options = self.runtime["command"]
        same = [option for option in options if option.startswith(kept)]
        own = [f"--config={self.folder / 'odoo.conf'}", f"--data-dir={self.data_dir}", f"--db_user={ROLE}"]
        return [python, program, *same, *own, "--max-cron-threads=0", *arguments]

    def _environment(self):
        return {**os.environ, "PGPASSFILE": str(self.folder / "pgpass")}

    @contextlib.contextmanager
    def serving(self):
        """Run it as a service with as many workers as the tenant service has."""
        options = [f"--http-port={self.port}", "--http-interface=127.0.0.1", "--db-filter=^%d$", "--workers=3"]
        gevent = f"--gevent-port={_free_port()}"
        with open(self.folder / "log", "wb") as log:
            service = subprocess.Popen(self._command(*options, gevent), env=self._environment(), stdout=log, stderr=log)
        try:
            self.demo.wait_for(self._answers, bool, seconds=60, step=0.2)
            yield
        finally:
            service.terminate()
            service.wait(60)

    def _answers(self):
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/web/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def adopt(self, template, filestore):
        """Have a database and its files as a source to duplicate; return its name."""
        name = self.create_database(template)
        shutil.copytree(filestore, self.data_dir / "filestore" / name)
        return name

    def duplicate(self, source):
        """Return the seconds from Odoo's own duplication to the copy's login page."""
        target = self._new_name()
        start = time.monotonic()
        self._manage("duplicate_database", source, target)
        assert 'name="login"' in self.login_page(target)
        return time.monotonic() - start

    def restore(self, dump):
        """Let Odoo's own database manager restore a dump; return the database's name.

        :param Path dump: a zip file
        """
        target = self._new_name()
        self._manage("restore", target, base64.b64encode(dump.read_bytes()).decode())
        return target

    def login_page(self, database):
        """Return the HTML of a database's login page."""
        host = {"Host": f"{database}.localhost"}
        page = requests.get(f"http://127.0.0.1:{self.port}/web/login", headers=host, timeout=120)
        assert page.ok, page.text[:500]
        return page.text

    def _new_name(self):
        self.databases.append(f"bench{uuid.uuid4().hex[:10]}")
        return self.databases[-1]

    def _manage(self, method, *arguments):
        params = {"service": "db", "method": method, "args": [MASTER_PASSWORD, *arguments]}
        answer = requests.post(f"http://127.0.0.1:{self.port}/jsonrpc", json={"params": params}, timeout=300).json()
        assert answer.get("result"), answer


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
