"""A real tenant service for tests: private PostgreSQL, one small template, tenants, Odoo with workers."""

import contextlib
import dataclasses
import os
import shutil
import uuid

import psycopg2
from psycopg2 import sql
from saas_engine import naming, roles, sizing
from saas_engine.bootstrap import bootstrap
from saas_engine.cluster import Cluster
from saas_engine.directory import Directory, TenantEntry

from stack.secret_files import SecretFiles

from . import gateway_template, odoo_service, postgres
from .gateway_client import Client
from .gateway_template import TEMPLATE
from .odoo_home import ROOT

MANAGER_PASSWORD, GATEWAY_PASSWORD = "test-manager", "test-gateway"
SECRETS = {
    "master": "0123456789abcdef0123456789abcdef",
    "saas_manager": MANAGER_PASSWORD,
    "saas_gateway": GATEWAY_PASSWORD,
}
DOMAIN = "example.com"
SIZES = sizing.compute(sizing.Given())


@dataclasses.dataclass
class Tenant:
    """A tenant of the test and how to talk to it."""

    db: str
    key: str
    client: Client
    stack: "Stack"

    @property
    def host(self):
        return f"{self.db}.{DOMAIN}"

    def set_state(self, state, reason=""):
        """Publish a state, as the manager does."""
        self.stack.settled.discard(self.key)
        self.stack.directory.set_state(self.key, state, reason)

    @contextlib.contextmanager
    def connect(self, db=None):
        """Give an autocommit connection as this tenant's own role."""
        connection = psycopg2.connect(
            host=self.stack.cluster.host,
            port=self.stack.cluster.port,
            dbname=db or self.db,
            user=naming.role_name(self.key),
            password=naming.role_password(self.stack.secret, self.key),
        )
        with contextlib.closing(connection):
            connection.autocommit = True
            yield connection

    def sql(self, query, values=None):
        """Run one statement in the tenant's database under its own role; return the rows, if any."""
        with self.connect() as connection, connection.cursor() as cr:
            cr.execute(query, values)
            return cr.fetchall() if cr.description else []


class Stack:
    """A cluster with roles, directory and template, and Odoo's command for it.

    :param sizing.Sizes sizes: how many connections and how much memory the service takes
    """

    def __init__(self, server, folder, sizes=SIZES):
        self.server, self.folder, self.sizes = server, folder, sizes
        (folder / "secrets").mkdir()
        self.secrets = SecretFiles(folder / "secrets", ROOT / "addons" / "saas_manager")
        self.data = folder / "data"
        self.settled = set()  # keys of tenants that every process was seen to serve since their last change
        self.port, self.gevent_port = postgres.free_port(), postgres.free_port()
        bootstrap(server.host, server.port, "postgres", postgres.SUPERUSER_PASSWORD, MANAGER_PASSWORD, GATEWAY_PASSWORD)
        for name, value in SECRETS.items():
            self.secrets.write(name, value)
        self.secrets.create()
        self.secrets.write_pgpass(server)

    @property
    def cluster(self):
        """The cluster as the manager sees it, whose password is in a file as all secrets are."""
        passwords = {"password": self.secrets.read("saas_manager"), "previous": self.secrets.previous("saas_manager")}
        return Cluster(self.server.host, self.server.port, **passwords)

    @property
    def directory(self):
        return Directory(self.cluster)

    @property
    def secret(self):
        """What the tenants' passwords derive from."""
        return self.secrets.read("runtime").encode()

    def command(self, *arguments, subcommand=None):
        """Return odoo-bin's command line with the gateway loaded."""
        base = odoo_service.command(self.server, "saas_gateway", self.data, ["saas_gateway"], subcommand)
        return [*base, *self.sizes.arguments(), *arguments]

    def environment(self, **changes):
        """Return what the tenant service gets, and what a shell needs."""
        # Where `make demo` unpacks the program that prints, on a machine that has none.
        programs = os.pathsep.join([os.environ["PATH"], str(postgres.CACHE / "wkhtmltopdf" / "bin")])
        return {
            **{name: os.environ[name] for name in ("HOME", "LANG", "TZ") if name in os.environ},
            "PATH": programs,
            "PGPASSFILE": str(self.secrets.path("saas_gateway.pgpass")),
            "SAAS_RUNTIME": "shared",
            "SAAS_RUNTIME_SECRET_FILE": str(self.secrets.path("runtime")),
            **self.sizes.environment(),
            **changes,
        }

    def prepare_template(self):
        """Put the template there that every tenant is a clone of."""
        gateway_template.prepare(self)

    def filestore(self, db):
        """Return the folder of a database's files."""
        return self.data / "filestore" / db

    # -- tenants

    def create_tenant(self, db, hosts=(), template=TEMPLATE):
        """Clone the template, publish the clone, return it. Its administrator is admin / admin."""
        key = uuid.uuid4().hex
        roles.ensure_role(self.cluster, key, naming.role_password(self.secret, key), {})
        self.cluster.clone(template, db, key)
        shutil.copytree(self.filestore(template), self.filestore(db), dirs_exist_ok=True)
        host = f"{db}.{DOMAIN}"
        tenant = Tenant(db, key, Client(self.port, self.gevent_port, host, db), self)
        for name in ("database.uuid", "database.secret"):
            tenant.sql("UPDATE ir_config_parameter SET value = %s WHERE key = %s", [str(uuid.uuid4()), name])
        self.directory.publish(TenantEntry(db, key, "shared", hosts=(host, *hosts)))
        return tenant

    def gateway_sql(self, query, values=None, db="postgres"):
        """Run one statement as the gateway's role."""
        with self.gateway_transaction(db) as cr:
            cr.execute(query, values)
            rows = cr.fetchall() if cr.description else []
            cr.connection.commit()
            return rows

    @contextlib.contextmanager
    def gateway_transaction(self, db="postgres"):
        """Give a cursor of the gateway's role, whose transaction is rolled back unless somebody ends it before."""
        login = {"host": self.server.host, "port": self.server.port, "dbname": db}
        with (
            contextlib.closing(
                psycopg2.connect(**login, user="saas_gateway", password=self.secrets.read("saas_gateway"))
            ) as connection,
            connection.cursor() as cr,
        ):
            yield cr

    def drop_database(self, name):
        """Drop a database the manager made, whoever is in it."""
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    # -- the service

    @contextlib.contextmanager
    def serve(self, *arguments, **environment):
        """Run the service until the block ends; give its process, whose log is `service.log`.

        :param environment: variables beside the usual ones
        """
        if any(self._answers()):
            raise RuntimeError("another service is at these ports: what is asked would be answered by that one")
        listening = (f"--http-port={self.port}", f"--gevent-port={self.gevent_port}", "--workers=2")
        command = self.command(*listening, "--max-cron-threads=2", *arguments)
        given, log = self.environment(**environment), self.folder / "service.log"
        with odoo_service.running(command, given, log, lambda: all(self._answers())) as process:
            yield process

    def log(self):
        """Return what the service has logged."""
        return (self.folder / "service.log").read_text()

    def _answers(self):
        return [Client(port, port, "127.0.0.1", None).is_up() for port in (self.port, self.gevent_port)]
