"""What tenants use, day by day. Days are those of UTC, in which gateways count and Odoo keeps its times.

The counters of a day that is over are exact, however late they are read. Sizes and users are known at the moment of
the look only. What nobody knows any more is left out: nothing is estimated.
"""

import dataclasses
import datetime

from . import measure, naming
from .databases import acting_as
from .errors import ConfigurationError, EngineError

MEGABYTE = 1024**2
TENANT_SECONDS = 5  # what one tenant can hold up the others by, with each of the statements
KEEP_DAYS = 3  # counters that were taken over stay this long: the limits of mails look at the last 24 hours
ONE_DAY = datetime.timedelta(days=1)

COUNTED = """
    SELECT t.key, (c.hour AT TIME ZONE 'UTC')::date,
           sum(c.requests)::bigint, sum(c.errors)::bigint, sum(c.mails)::bigint, sum(c.cron_seconds)
      FROM saas.counter c JOIN saas.tenant t USING (db)
     WHERE t.key = ANY (%s)
     GROUP BY 1, 2
"""
SIZES = """
    SELECT d.datname, pg_database_size(d.oid)
      FROM unnest(%s::text[], %s::text[]) AS n (name, mark)
      JOIN pg_database d ON d.datname = n.name AND shobj_description(d.oid, 'pg_database') = n.mark
"""
FORGET = """
    DELETE FROM saas.counter c
     USING saas.tenant t, unnest(%s::text[], %s::date[]) AS n (key, through)
     WHERE t.db = c.db AND t.key = n.key AND (c.hour AT TIME ZONE 'UTC')::date <= n.through
"""
# Asked in the tenant's own database, under its own role.
LIMITS = "SELECT set_config('statement_timeout', %(time)s, true), set_config('lock_timeout', %(time)s, true)"
HAS_LOG = "SELECT to_regclass('public.res_device_log') IS NOT NULL"
# Both ends of a row are moments at which somebody was there. Odoo deletes a row when the same device is seen again.
ACTIVE = """
    SELECT seen.day, count(DISTINCT l.user_id)
      FROM public.res_device_log l
      JOIN public.res_users u ON u.id = l.user_id AND u.share IS NOT TRUE
     CROSS JOIN LATERAL (VALUES (l.first_activity::date), (l.last_activity::date)) AS seen (day)
     WHERE seen.day = ANY (%s)
     GROUP BY seen.day
"""


@dataclasses.dataclass(frozen=True)
class Counted:
    """What the gateways have counted of a tenant on one day. A day without a row is a day without anything."""

    requests: int = 0
    errors: int = 0
    mails: int = 0
    cron_seconds: float = 0.0


@dataclasses.dataclass(frozen=True)
class Reading:
    """What is known of one tenant.

    :param dict days: day -> {name: value}; what is not known is not there
    :param error: the EngineError that kept the tenant's own database from answering, or None
    """

    days: dict
    error: EngineError | None = None


class Meter:
    """One look at tenants of one runtime. What can be asked of the cluster for all of them is asked at once, here.

    :param Provisioner provisioner: of the runtime
    :param dict names: tenant's key -> name of its database
    :param date today: of UTC
    :raise EngineError: the cluster does not answer
    """

    def __init__(self, provisioner, names, today):
        self.provisioner, self.today = provisioner, today
        with provisioner.session():
            self.counted = counted(provisioner.cluster, list(names))
            self.sizes = database_sizes(provisioner.cluster, names)

    def look_at(self, spec, since):
        """Return the Reading of one tenant. Its own database is asked as its own role.

        :param TenantSpec spec: of the tenant
        :param since: the first day to tell of, or None: as far back as the counters go
        """
        present, active, error = self._disk(spec.subdomain), {}, None
        try:
            users, active = self._people(spec)
            present |= {"users": users, "is_measured": True}
        except EngineError as problem:
            error = problem
        counters = self.counted.get(spec.key, {})
        return Reading(by_day(since, self.today, counters, active, present), error)

    def _disk(self, name):
        sizes = {"database_mb": self.sizes.get(name), "files_mb": files_size(self.provisioner.runtime, name)}
        known = {what: size / MEGABYTE for what, size in sizes.items() if size is not None}
        return {**known, "storage_mb": sum(known.values())} if len(known) == len(sizes) else known

    def _people(self, spec):
        days = [self.today - ONE_DAY, self.today]
        try:
            with self.provisioner.enter(spec) as connection:
                return people(connection, days)
        except ConfigurationError:
            # The tenant may have changed its role's password, or shut it out: what it can change is put back.
            with self.provisioner.connect(spec) as connection:
                return people(connection, days)


def by_day(since, today, counted, active, present):
    """Put together what is known of each day.

    :param since: the first day to tell of, or None
    :param dict counted: day -> Counted
    :param dict active: day -> how many users were there, for the days of which that is known
    :param dict present: what was found today
    :return: day -> {name: value}; days to come, of a clock that was wrong, are left out
    """
    days = {today} | {day for day in counted if day <= today}
    day = since or today
    while day < today:
        days.add(day)
        day += ONE_DAY
    values = {
        day: {**dataclasses.asdict(counted.get(day, Counted())), "is_complete": day < today} for day in sorted(days)
    }
    for day, users in active.items():
        if day in values:
            values[day] |= {"active_users": users, "has_active_users": True}
    values[today] |= present
    return values


def counted(cluster, keys):
    """Return all that the directory has of these tenants: key -> day -> Counted."""
    found = {key: {} for key in keys}
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute(COUNTED, [keys])
        for key, day, *numbers in cr.fetchall():
            found[key][day] = Counted(*numbers)
    return found


def database_sizes(cluster, names):
    """Return the bytes of databases: name -> size; one that is gone or another tenant's is left out.

    :param dict names: tenant's key -> name of its database
    """
    marks = [naming.database_mark(key) for key in names]
    # The manager may not connect to tenants, so not see their sizes.
    with cluster.connect() as connection, acting_as(connection, "pg_monitor") as cr:
        cr.execute(SIZES, [list(names.values()), marks])
        return {name: size for name, size in cr.fetchall() if size is not None}


def files_size(runtime, name):
    """Return the bytes of a tenant's files, None where the manager can't see the files of this runtime."""
    folder = runtime.filestore(name)
    return measure.files(folder) if folder.parent.is_dir() else None


def people(connection, days):
    """Return how many internal users a tenant has, and day -> how many of them were there on these days.

    The second is empty where Odoo keeps no log of devices.

    :param connection: to the tenant's database, as its role
    """
    with connection, connection.cursor() as cr:
        cr.execute("SET TRANSACTION READ ONLY")
        users = len(_ask(cr, measure.INTERNAL_USERS))
        if not _ask(cr, HAS_LOG)[0][0]:
            return users, {}
        return users, {**dict.fromkeys(days, 0), **dict(_ask(cr, ACTIVE, [days]))}


def _ask(cr, query, values=None):
    # Each time anew: what a tenant put in place of a table could have changed them.
    cr.execute(LIMITS, {"time": f"{TENANT_SECONDS}s"})
    cr.execute(query, values)
    return cr.fetchall()


def forget(cluster, days):
    """Delete counters that were taken over.

    :param dict days: tenant's key -> the last day to delete
    :return: how many hours were deleted
    """
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute(FORGET, [list(days), list(days.values())])
        return cr.rowcount
