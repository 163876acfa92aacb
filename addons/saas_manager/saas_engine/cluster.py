"""A PostgreSQL cluster as the manager sees it: its databases, and who may enter them.

The manager's role creates, renames and drops databases and writes the directory. It never enters a tenant's
database: `connect_as_tenant` does, so that nothing planted in there runs with the manager's rights.
"""

import contextlib
import dataclasses
import threading

from psycopg2 import errors

from . import cluster_report, databases, dropping, logins, naming, ownership
from .errors import DiskFullError, NameTakenError, NotOwnerError, RetryableError
from .pg_errors import translated

CONNECT_SECONDS = 5
LOCK_SECONDS = 30
TENANT_STATEMENT_SECONDS = 60
# A killed worker's CREATE DATABASE stops within this time, instead of finishing a clone that nobody waits for.
CLIENT_CHECK = "-c client_connection_check_interval=1000"
# What a tenant could do to make its own database answer late must not hold a job for ever.
TENANT_LIMITS = f"-c statement_timeout={TENANT_STATEMENT_SECONDS}s -c lock_timeout=10s {CLIENT_CHECK}"

_here = threading.local()  # the open connections to `postgres` of this thread, by cluster


class Cluster:
    """Connections to one cluster. Holds none open outside `connect`, `locked` and its methods.

    :param str user: the manager's role
    :param str password: for tests; else libpq takes it from PGPASSFILE
    :param str previous: for tests; the password before, while it is being replaced
    :param Manager manager: who works here; a server that belongs to another one refuses it. None: nobody asks
    """

    def __init__(self, host, port, user="saas_manager", password=None, manager=None, previous=None):
        self.host, self.port, self.user = host, int(port), user
        self.manager, self._password, self._previous = manager, password, previous

    def __repr__(self):
        return f"Cluster({self.host!r}, {self.port}, {self.user!r})"

    # -- connections

    @contextlib.contextmanager
    def connect(self, db="postgres"):
        """Give an autocommit connection as the manager; psycopg2's errors leave it as the engine's.

        Within one of these to `postgres` another of the same thread is the same one: a log-in costs more than most
        statements.

        :raise NotOwnerError: the server belongs to another manager
        """
        shared = vars(_here).setdefault("connections", {}) if db == "postgres" else {}
        if self._address in shared:
            with translated(self._name(db)):
                yield shared[self._address]
            return
        with self._session(db, self.user, self._password, CLIENT_CHECK, self._previous) as connection:
            if self.manager and db == "postgres":
                ownership.require(connection, self.manager)
            shared[self._address] = connection
            try:
                yield connection
            finally:
                del shared[self._address]

    @property
    def _address(self):
        return self.host, self.port, self.user, self._password, self.manager

    @contextlib.contextmanager
    def connect_as_tenant(self, db, key, password, previous=None):
        """Give an autocommit connection to a tenant's database as its own role; `with connection:` is a transaction.

        :param str previous: the password that it may still have while the secrets are being replaced
        """
        name, role = naming.database_name(db), naming.role_name(key)
        with self._session(name, role, password, TENANT_LIMITS, previous) as connection:
            yield connection

    @contextlib.contextmanager
    def locked(self, key):
        """Hold the lock of one tenant, so that two jobs never work on it at once; a killed one lets go.

        :raise RetryableError: another job holds it for longer than `LOCK_SECONDS`
        """
        with self.connect() as connection, connection.cursor() as cr:
            cr.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(LOCK_SECONDS * 1000)}ms"])
            try:
                cr.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [naming.database_mark(key)])
            except errors.LockNotAvailable:
                raise RetryableError(f"Another job is at work on tenant {key}.") from None
            cr.execute("RESET lock_timeout")
            try:
                yield
            finally:
                if not connection.closed:  # else the server has let go of it
                    cr.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [naming.database_mark(key)])

    @contextlib.contextmanager
    def _session(self, db, user, password, options, previous=None):
        with translated(self._name(db)):
            parameters = {"host": self.host, "port": self.port, "dbname": db, "user": user, "password": password}
            parameters |= {"connect_timeout": CONNECT_SECONDS, "application_name": "saas_manager", "options": options}
            connection = logins.connect(parameters, previous)
            with contextlib.closing(connection):
                connection.autocommit = True
                yield connection

    def _name(self, db):
        return f"PostgreSQL {self.host}:{self.port}, database {db}"

    # -- databases

    def database(self, name):
        """Return what there is of this name, or None."""
        with self.connect() as connection:
            return databases.find(connection, name)

    def prepare(self, template, name, key):
        """Make a closed database from a template, marked with a key that has no role. Runs again like `clone`."""
        with self.connect() as connection:
            if self._find_whole(connection, name, key) is None:
                dropping.drop_draft(self, dropping.own_draft(key))
                databases.create_draft(connection, template, key)
                with connection:
                    databases.take_over(connection, naming.draft_database(key), name, key)

    def clone(self, template, name, key, pool_key=""):
        """Make the database `name` from a template, for the role of `key`, which exists.

        It is prepared, closed to everybody, under a draft's name and gets its own at the end: a database that has its
        name and our mark is complete. Runs again after a kill at any point.

        :param str pool_key: of a clone of the template that was prepared; it is taken in place of a new one
        :raise NameTakenError: the name belongs to somebody else
        :raise TemplateNotReadyError: the template is not there
        """
        with self.connect() as connection:
            found = self._find_whole(connection, name, key)
            if found is None:
                dropping.drop_draft(self, dropping.own_draft(key))
                source = databases.find_prepared(connection, pool_key)
                if source is None:
                    source = databases.create_draft(connection, template, key)
                databases.hand_over(connection, source, name, key)
            elif found.comment != naming.database_mark(key):
                raise NameTakenError(f'The database "{name}" exists and belongs to somebody else.')
            elif not found.allows_connections:  # closed by a removal that was killed
                databases.open_to_role(connection, name)

    def rename(self, name, new_name, key):
        """Rename a tenant's database, ending its sessions. Runs again.

        :raise NameTakenError: the new name is taken
        """
        with self.connect() as connection:
            found = databases.find(connection, new_name)
            if found is None:
                databases.require_mark(databases.find(connection, name), name, key)
                databases.close(connection, name)
                databases.rename(connection, name, new_name)
            elif found.comment != naming.database_mark(key):
                raise NameTakenError(f'The database "{new_name}" exists and belongs to somebody else.')
            databases.open_to_role(connection, new_name)

    def close(self, name):
        """Let nobody in any more and end the sessions that are in."""
        with self.connect() as connection:
            databases.close(connection, name)

    def seal(self, name, key):
        """Turn a built database into a template: nobody enters it, its builder's role lets go of it. Runs again."""
        with self.connect() as connection:
            databases.close(connection, name)
            databases.execute(connection, "ALTER DATABASE {} WITH IS_TEMPLATE true", name)
            databases.execute(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
            with connection.cursor() as cr:
                cr.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [naming.role_name(key)])
                builder = cr.fetchone()
            if builder:
                databases.execute(connection, "REVOKE ALL ON DATABASE {} FROM {}", name, *builder)

    def seal_as(self, name, key, new_name, new_key):
        """Turn the database of a key, whose role exists, into a template of another name and key. Runs again.

        :raise NameTakenError: the new name is taken
        """
        with self.connect() as connection:
            found = databases.find(connection, new_name)
            if found is None:
                databases.require_mark(databases.find(connection, name), name, key)
                databases.close(connection, name)
                databases.seal_as(connection, name, key, new_name, new_key)
            else:
                databases.require_mark(found, new_name, new_key)

    def unseal_as(self, name, key, new_name, new_key):
        """Undo `seal_as`: the template of a key becomes another's database, whose role exists."""
        with self.connect() as connection:
            databases.require_mark(databases.find(connection, name), name, key)
            databases.execute(connection, "ALTER DATABASE {} WITH IS_TEMPLATE false", name)
            databases.hand_over(connection, name, new_name, new_key)

    def evict(self, name, key):
        """End all sessions in the database of a key; whoever has the right may come back."""
        with self.connect() as connection:
            databases.require_mark(databases.find(connection, name), name, key)
            databases.close(connection, name)
            databases.open_to_role(connection, name)

    def let_in(self, name, key):
        """Let the role of a key, which exists, into its database, and nobody else. Runs again."""
        with self.connect() as connection:
            databases.require_mark(databases.find(connection, name), name, key)
            databases.admit(connection, name, key)
            databases.open_to_role(connection, name)

    def _find_whole(self, connection, name, key):
        """Return what there is of this name, or None; what a removal of this key has left of one goes first."""
        found = databases.find(connection, name)
        if found is None or found.is_whole or found.comment != naming.database_mark(key):
            return found
        dropping.drop_remains(self, dropping.own_draft(key), name)
        return None

    # -- state

    def require_room(self, template):
        """Make sure that a clone fits on PostgreSQL's disk, as far as this machine can see it.

        :raise DiskFullError: says how much is missing
        """
        with self.connect() as connection:
            missing = cluster_report.missing_room(connection, self.host, template)
        if missing:
            raise DiskFullError(f"Not enough disk space for PostgreSQL: {-(-missing // 2**20)} MiB more are needed.")

    def marked_databases(self, prefix, whole=False):
        """Return the names of our databases that begin with a prefix and carry the mark of the key that follows it.

        :param bool whole: without those that a removal has left half
        """
        mark = naming.database_mark("0" * 32)[:-32]
        with self.connect() as connection, connection.cursor() as cr:
            cr.execute(databases.MARKED, {"prefix": prefix, "mark": mark, "owner": self.user, "whole": whole})
            return [name for (name,) in cr.fetchall()]

    def check(self):
        """Tell what "Test connection" shows: version, role, what is missing, tenants, latency, free disk, the owner."""
        with self._session("postgres", self.user, self._password, CLIENT_CHECK) as connection:
            report = cluster_report.make(connection, self.host)
            if self.manager and cluster_report.OWNER not in report.missing_rights:
                with contextlib.suppress(NotOwnerError):  # which is a result
                    ownership.require(connection, self.manager)
                report = dataclasses.replace(report, owner=ownership.find(connection))
            return report

    def take_over(self):
        """Make the server this manager's, whoever it belonged to.

        :return: the `Owner` before, or None
        """
        with self._session("postgres", self.user, self._password, CLIENT_CHECK) as connection:
            return ownership.take_over(connection, self.manager)
