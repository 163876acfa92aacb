"""host -> database -> state, as the manager published it. One copy per process, at most `MAX_AGE` seconds old."""

import logging
import threading
import time
from typing import NamedTuple

import psycopg2

from . import logins
from .link import Link

_logger = logging.getLogger(__name__)
MAX_AGE = 0.4
EARLY = 0.2  # seconds of age from which on a process that has nothing to do looks, so that no request has to
MISS_AGE = 0.03  # what is not in the copy is looked up again this soon: a new tenant is there at once
SAY_AGAIN = 60  # seconds between two entries of the log about the same outage
RETRY = 2  # seconds without a look after a failed one: requests must not wait for a server that is away

READ = """
    SELECT t.db, t.key, t.state, t.reason, t.limits, t.notices,
           ARRAY(SELECT h.host FROM saas.host h WHERE h.db = t.db ORDER BY h.host),
           (SELECT coalesce(jsonb_object_agg(r.kind, r.detail), '{}') FROM saas.report r WHERE r.db = t.db)
      FROM saas.tenant t
     WHERE t.runtime = %s"""
READ_REDIRECTS = """
    SELECT r.host, r.target, extract(epoch FROM r.until)::float8
      FROM saas.redirect r JOIN saas.tenant t ON t.db = r.db
     WHERE t.runtime = %s AND r.until > now()"""


class DirectoryUnavailable(psycopg2.OperationalError):
    """The directory could not be read even once. Odoo treats it like a database that is away."""


class Tenant(NamedTuple):
    db: str
    key: str
    state: str
    reason: str
    limits: dict = {}
    notices: dict = {}
    hosts: tuple = ()
    reports: dict = {}  # kind -> detail: what the gateways have found


class Redirect(NamedTuple):
    """Where a host that a tenant has left leads to, until when (seconds since the epoch)."""

    target: str
    until: float


class Copy(NamedTuple):
    """What one reading found; replaced as a whole, never changed."""

    version: int | None = None
    by_host: dict = {}
    by_database: dict = {}
    active: tuple = ()
    redirects: dict = {}


class Directory:
    """The process's copy of the published rows of its own runtime."""

    def __init__(self):
        self.link = Link()
        self.runtime = None
        self._copy = Copy()
        self._look_at = float("-inf")  # not before this moment
        self._looked_at = float("-inf")
        self._unread_since = None  # the first look in vain of the present outage
        self._say_at = float("-inf")
        self._lock = threading.Lock()

    def configure(self, runtime, connection_info):
        """Say which runtime this is and how to connect to the database `postgres`."""
        self.runtime = runtime
        self.link.configure(connection_info)

    def tenant_of(self, host):
        """Return the tenant that is published for a host, or None.

        :param str host: lower case, without port
        :raise DirectoryUnavailable: if nothing was ever read
        """
        return self.current().by_host.get(host) or self.current(MISS_AGE).by_host.get(host)

    def tenant_in(self, database):
        """Return the tenant that lives in a database, or None. Raises like `tenant_of`."""
        return self.current().by_database.get(database) or self.current(MISS_AGE).by_database.get(database)

    def new_host_of(self, host):
        """Return the present host of the tenant that has left this one, or None. Raises like `tenant_of`."""
        redirect = self.current().redirects.get(host)
        return redirect.target if redirect and time.time() < redirect.until else None

    def active_databases(self):
        """Return the names of the databases that are served."""
        return list(self.current().active)

    def seconds_unread(self):
        """Return for how long the directory could not be read; 0 if the last look went well."""
        since = self._unread_since
        return 0 if since is None else time.monotonic() - since

    def current(self, max_age=MAX_AGE):
        """Return the copy, looking for a newer version first if the last look is older than `max_age`."""
        if not self._is_fresh(max_age):  # asked ten times per request: as often as not this is all that happens
            self._refresh(max_age)
        copy = self._copy
        if copy.version is None:
            raise DirectoryUnavailable("the directory of tenants could not be read yet")
        return copy

    def look_ahead(self):
        """Look for a newer version, unless the last look is quite new. For where nobody waits."""
        if self._copy.version is not None and not self._is_fresh(EARLY):
            self._refresh(EARLY)

    def _refresh(self, max_age):
        if not self._lock.acquire(blocking=self._copy.version is None):
            return  # somebody is at it: the copy at hand will do
        try:
            if not self._is_fresh(max_age):
                self._look()
        finally:
            self._lock.release()

    def _is_fresh(self, max_age):
        now = time.monotonic()
        return now < self._look_at or now - self._looked_at < max_age

    def _look(self):
        if logins.look():
            self.link.reset()  # the new connection's name tells the manager that this process knows the new secret
        try:
            [[version]] = self.link.execute("SELECT version FROM saas.publication")
            if version != self._copy.version:
                self._copy = self._read(version)
            self._note_read()
        except psycopg2.Error as error:
            self._note_unread(error)
            self._look_at = time.monotonic() + RETRY
        self._looked_at = time.monotonic()

    def _note_read(self):
        if self._unread_since is not None:
            _logger.info("directory read again after %.0f s", self.seconds_unread())
        self._unread_since, self._say_at = None, float("-inf")

    def _note_unread(self, error):
        now = time.monotonic()
        if self._unread_since is None:
            self._unread_since = now
        if now >= self._say_at:
            kept = "there is none yet" if self._copy.version is None else f"version {self._copy.version} stays in use"
            _logger.warning("directory not read for %.0f s, %s: %s", self.seconds_unread(), kept, error)
            self._say_at = now + SAY_AGAIN

    def _read(self, version):
        by_host, by_database = {}, {}
        for db, key, state, reason, limits, notices, hosts, reports in self.link.execute(READ, [self.runtime]):
            by_database[db] = tenant = Tenant(db, key, state, reason, limits, notices, tuple(hosts), reports)
            by_host.update(dict.fromkeys(hosts, tenant))
        active = tuple(sorted(db for db, tenant in by_database.items() if tenant.state == "active"))
        redirects = {host: Redirect(*row) for host, *row in self.link.execute(READ_REDIRECTS, [self.runtime])}
        return Copy(version, by_host, by_database, active, redirects)


directory = Directory()
