"""The directory: what the manager publishes to the gateways. `sql/directory.sql` is its schema."""

import dataclasses

from psycopg2 import errors
from psycopg2.extras import Json

from . import naming
from .errors import ConfigurationError, EngineError, NameTakenError

SELECT = """
    SELECT t.db, t.key, t.runtime, t.release, t.state, t.reason, t.limits, t.notices,
           ARRAY(SELECT host FROM saas.host h WHERE h.db = t.db ORDER BY host)
    FROM saas.tenant t
"""
UPSERT = """
    INSERT INTO saas.tenant (db, key, runtime, release, state, reason, limits, notices)
    VALUES (%(db)s, %(key)s, %(runtime)s, %(release)s, %(state)s, %(reason)s, %(limits)s,
        %(notices)s)
    ON CONFLICT (key) DO UPDATE SET db = excluded.db, runtime = excluded.runtime, release = excluded.release,
        state = excluded.state, reason = excluded.reason, limits = excluded.limits,
        notices = excluded.notices
"""
SET_RUNTIME = """
    INSERT INTO saas.runtime (code, gateway_role) VALUES (%s, %s)
    ON CONFLICT (code) DO UPDATE SET gateway_role = excluded.gateway_role
"""
SET_LIMITS = """
    UPDATE saas.tenant t SET limits = n.limits
      FROM unnest(%s::text[], %s::jsonb[]) AS n (key, limits)
     WHERE t.key = n.key AND t.limits <> n.limits
"""
SET_NOTICES = """
    UPDATE saas.tenant t SET notices = n.notices
      FROM unnest(%s::text[], %s::jsonb[]) AS n (key, notices)
     WHERE t.key = n.key AND t.notices <> n.notices
"""
DROP_HOSTS = "DELETE FROM saas.host WHERE db = %s AND host <> ALL (%s)"
ADD_HOSTS = "INSERT INTO saas.host (host, db) SELECT unnest(%s::text[]), %s ON CONFLICT (host) DO NOTHING"
# A redirect that has expired reserves nothing.
OTHERS_HOSTS = """
    SELECT host FROM saas.host JOIN saas.tenant USING (db) WHERE host = ANY (%(hosts)s) AND key <> %(key)s
    UNION
    SELECT host FROM saas.redirect JOIN saas.tenant USING (db)
     WHERE host = ANY (%(hosts)s) AND key <> %(key)s AND until > now()
    ORDER BY host
"""
DROP_REDIRECTS = "DELETE FROM saas.redirect WHERE db = %s OR until <= now()"
ADD_REDIRECTS = """
    INSERT INTO saas.redirect (host, db, target, until)
    SELECT n.host, %s, %s, n.until FROM unnest(%s::text[], %s::timestamptz[]) AS n (host, until)
    ON CONFLICT (host) DO NOTHING
"""


@dataclasses.dataclass(frozen=True)
class TenantEntry:
    """What a gateway knows of a tenant."""

    db: str
    key: str
    runtime: str
    release: str = ""
    state: str = "active"
    reason: str = ""
    limits: dict = dataclasses.field(default_factory=dict)
    notices: dict = dataclasses.field(default_factory=dict)
    hosts: tuple = ()


class Directory:
    """Reads and writes one cluster's directory."""

    def __init__(self, cluster):
        self.cluster = cluster

    def publish(self, entry, redirects=None):
        """Make the directory say exactly this of one tenant, its hosts and a new name included. Runs again.

        :param dict redirects: hosts that lead on to the first of the tenant's -> an aware datetime, until when
        :raise NameTakenError: the database's name or a host is another tenant's; nothing changed
        """
        naming.role_name(entry.key)
        values = {**dataclasses.asdict(entry), "limits": Json(entry.limits), "notices": Json(entry.notices)}
        hosts, redirects = list(entry.hosts), redirects or {}
        with self.cluster.connect() as connection, connection, connection.cursor() as cr:
            _upsert(cr, values)
            cr.execute(DROP_REDIRECTS, [entry.db])
            cr.execute(DROP_HOSTS, [entry.db, hosts])
            cr.execute(ADD_HOSTS, [hosts, entry.db])
            _add_redirects(cr, entry, redirects)
            _refuse_others_hosts(cr, [*hosts, *redirects], entry.key)

    def set_runtime(self, code, gateway_role):
        """Say which role reads the rows of a runtime. Runs again."""
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(SET_RUNTIME, [naming.runtime_code(code), gateway_role])

    def remove_runtime(self, code):
        """Take a runtime out of the directory. One that is not there is fine.

        :raise EngineError: tenants are published for it
        """
        with self.cluster.connect() as connection, connection.cursor() as cr:
            try:
                cr.execute("DELETE FROM saas.runtime WHERE code = %s", [code])
            except errors.ForeignKeyViolation:
                raise EngineError(f'Tenants are published for the runtime "{code}".') from None

    def set_state(self, key, state, reason=""):
        """Set the state of a published tenant and the reason that its visitors read."""
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute("UPDATE saas.tenant SET state = %s, reason = %s WHERE key = %s", [state, reason, key])
            if not cr.rowcount:
                raise EngineError(f"Tenant {key} is not in the directory.")

    def set_limits(self, limits_by_key):
        """Publish the limits of tenants; those that are not in the directory are left out.

        :param dict limits_by_key: tenant's key -> limits
        """
        limits = [Json(limits) for limits in limits_by_key.values()]
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(SET_LIMITS, [list(limits_by_key), limits])

    def reports(self):
        """Return what the gateways have found and is still so: tenant's key -> kind -> detail (a dict)."""
        query = "SELECT t.key, r.kind, r.detail FROM saas.report r JOIN saas.tenant t USING (db)"
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(query)
            found = {}
            for key, kind, detail in cr.fetchall():
                found.setdefault(key, {})[kind] = detail
            return found

    def set_notices(self, notices_by_key):
        """Publish what tenants' administrators are told; those that are not in the directory are left out.

        :param dict notices_by_key: tenant's key -> notices, a dict that JSON can hold
        """
        notices = [Json(each) for each in notices_by_key.values()]
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(SET_NOTICES, [list(notices_by_key), notices])

    def set_redirects(self, key, redirects):
        """Replace the redirects of a published tenant.

        :param dict redirects: as in `publish`
        """
        entry = self.entry(key)
        if entry is None:
            raise EngineError(f"Tenant {key} is not in the directory.")
        self.publish(entry, redirects)

    def redirects(self, key):
        """Return the redirects of a tenant, expired ones included: host -> (target, until)."""
        query = "SELECT r.host, r.target, r.until FROM saas.redirect r JOIN saas.tenant t USING (db) WHERE t.key = %s"
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(query, [key])
            return {host: (target, until) for host, target, until in cr.fetchall()}

    def withdraw(self, key):
        """Take a tenant and its hosts out of the directory. One that is not there is fine."""
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute("DELETE FROM saas.tenant WHERE key = %s", [key])

    def entry(self, key):
        """Return the entry of a tenant, or None."""
        found = self._select("WHERE t.key = %s", [key])
        return found[0] if found else None

    def entries(self):
        """Return all entries, by database."""
        return self._select("ORDER BY t.db")

    def check_free(self, key, db, hosts):
        """Make sure that a name and hosts are free, or this tenant's already.

        :raise NameTakenError: says which is not
        """
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute("SELECT 1 FROM saas.tenant WHERE db = %s AND key <> %s", [db, key])
            if cr.fetchone():
                raise NameTakenError(f'The database name "{db}" is published for another tenant.')
            _refuse_others_hosts(cr, list(hosts), key)

    def _select(self, condition, parameters=None):
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(f"{SELECT} {condition}", parameters)
            return [TenantEntry(*row[:-1], hosts=tuple(row[-1])) for row in cr.fetchall()]


def _upsert(cr, values):
    try:
        cr.execute(UPSERT, values)
    except errors.UniqueViolation:
        raise NameTakenError(f'The database name "{values["db"]}" is published for another tenant.') from None
    except errors.ForeignKeyViolation:
        raise ConfigurationError(f'The directory does not know the runtime "{values["runtime"]}".') from None


def _add_redirects(cr, entry, redirects):
    if redirects:
        cr.execute(ADD_REDIRECTS, [entry.db, entry.hosts[0], list(redirects), list(redirects.values())])


def _refuse_others_hosts(cr, hosts, key):
    cr.execute(OTHERS_HOSTS, {"hosts": hosts, "key": key})
    taken = [host for (host,) in cr.fetchall()]
    if taken:
        raise NameTakenError(f"Another tenant is served at {', '.join(taken)}.")
