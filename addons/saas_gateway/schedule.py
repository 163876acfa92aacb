"""The table `saas.cron`: when each database is to be visited, and who is at it.

A claim is a lease: should the worker be killed for running too long, the row comes back by itself, later. Each worker
has its home databases, so that registries are not loaded twice, and helps out with those of others only when they
are late, or their worker has been at one visit for long. With two or more workers the first refuses tenants whose
last visit was long: known endless crons never take all workers.
"""

import contextlib
import datetime
import random

from .directory import directory

PULSE = 60  # a worker looks at the table this often even if nothing is announced
LATE = 20  # a worker takes over another's database when it is this late …
WATCH = 0.5  # … or the other one is stuck: it looks at it so often while one of its databases is due
LOOK_AGAIN = 1800  # a database is visited this often even if nothing is due (rows changed by raw SQL)
LATEST = 1.2  # times LOOK_AGAIN: visits are spread
PAUSE = 10  # between two visits to a database whose jobs stay due (partially done, broken)
SOON = 1  # between two visits at least, whatever a tenant writes into its tables
LONG = 15  # a visit longer than this makes the tenant rest, and keeps it out of the first worker
MAX_REST = 300

HOME = """CASE WHEN (hashtext(c.db) & 2147483647) %% %(slots)s = ANY(%(homes)s) THEN interval '0' ELSE %(late)s END"""
SERVED = """t.state = 'active' AND t.runtime = %(runtime)s
    AND t.limits->'crons' IS DISTINCT FROM 'false' AND (NOT %(express)s OR c.last_seconds < %(long)s)"""
# Further ahead than any lease is what was written before the clock was set back: it would wait as long as the jump.
PASSED = """(c.rest_until <= now() OR c.rest_until > now() + %(horizon)s)"""
CLAIM = f"""
    UPDATE saas.cron SET rest_until = now() + %(lease)s, due = now() + %(lease)s, last_seconds = %(limit)s
     WHERE db = (SELECT c.db FROM saas.cron c JOIN saas.tenant t USING (db)
                  WHERE {SERVED} AND {PASSED} AND (c.due <= now() - {HOME} OR c.due > now() + %(horizon)s)
                  ORDER BY c.due LIMIT 1 FOR UPDATE OF c SKIP LOCKED)
 RETURNING db, due"""  # noqa: S608 - from the constants above
# What the visit took counts for the hour that it ends in, even if its lease has run out. A tenant that is gone counts
# no more.
RELEASE = """
    WITH counted AS (
        INSERT INTO saas.counter AS c (db, hour, cron_seconds)
        SELECT t.db, date_trunc('hour', now(), 'UTC'), %(took)s FROM saas.tenant t WHERE t.db = %(db)s
            ON CONFLICT (db, hour) DO UPDATE SET cron_seconds = c.cron_seconds + excluded.cron_seconds)
    UPDATE saas.cron SET last_seconds = %(took)s, rest_until = now() + %(rest)s,
           due = CASE WHEN due < %(claimed)s THEN now() ELSE now() + %(next)s END
     WHERE db = %(db)s AND rest_until = %(claimed)s"""
WAIT = f"""
    SELECT extract(epoch FROM
               min(greatest(c.rest_until, least(c.due + {HOME}, greatest(c.due, now()) + %(watch)s))) - now())
      FROM saas.cron c JOIN saas.tenant t USING (db) WHERE {SERVED}"""  # noqa: S608 - from the constants above
# Asked in the tenant's own database, under its own role.
NEXT = """
    SELECT extract(epoch FROM least(
        (SELECT min(nextcall) FROM ir_cron WHERE active),
        (SELECT min(call_at) FROM ir_cron_trigger t JOIN ir_cron c ON c.id = t.cron_id WHERE c.active))
        - (now() AT TIME ZONE 'UTC'))"""


def _interval(seconds):
    return datetime.timedelta(seconds=seconds)


def _pause(due_in):
    """Return the seconds until the next visit to a database whose next job is due in so many."""
    return max(due_in, SOON) if due_in > 0 else PAUSE


class Schedule:
    """What one cron worker knows; the table knows the rest.

    :param int slot: the worker's number, from 0
    :param int slots: how many workers there are
    :param int limit: seconds after which Odoo kills a worker
    :param Visits visits: what all workers are at
    """

    def __init__(self, slot, slots, limit, visits):
        self.slot, self._visits = slot, visits
        visits.end(slot)  # whoever was this worker before is dead
        self.idle = False
        self._values = {
            "slots": slots,
            "express": slots > 1 and slot == 0,
            "limit": limit,
            "long": LONG,
            "late": _interval(LATE),
            "watch": _interval(WATCH),
            "lease": _interval(limit + MAX_REST),
            "horizon": _interval(max(limit + MAX_REST, LOOK_AGAIN * LATEST)),
            "runtime": directory.runtime,
        }

    def seconds_to_sleep(self, execute):
        """Return how long nothing will be due, at most a pulse."""
        [[wait]] = execute(WAIT, self._asked())
        return PULSE if wait is None else min(max(float(wait), 0.1), PULSE)

    def claim(self, execute):
        """Return (database, claim) of a visit that is due and ours now, or (None, None)."""
        rows = execute(CLAIM, self._asked())
        self.idle = not rows
        return rows[0] if rows else (None, None)

    @contextlib.contextmanager
    def visiting(self):
        """Let the other workers know that this one is at a visit."""
        self._visits.begin(self.slot)
        try:
            yield
        finally:
            self._visits.end(self.slot)

    def _asked(self):
        return {**self._values, "homes": [self.slot, *self._visits.stuck()]}

    def release(self, execute, database, claim, took, due_in):
        """Count the seconds, and write back when the database is due again, unless the lease has run out meanwhile.

        :param float took: seconds that the visit took
        :param due_in: seconds until its next job, None if unknown
        """
        rest = min(2 * took, MAX_REST) if took > LONG else 0
        # All clones of a template would look again in the same second.
        look_again = LOOK_AGAIN * random.uniform(0.8, LATEST)  # noqa: S311 - no secret
        due_in = look_again if due_in is None else min(_pause(float(due_in)), look_again)
        values = {"db": database, "claimed": claim, "took": took}
        execute(RELEASE, {**values, "rest": _interval(rest), "next": _interval(max(due_in, rest))})
