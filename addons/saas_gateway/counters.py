"""Requests and errors per tenant and hour, written to the directory in batches, beside the requests."""

import atexit
import collections
import logging
import threading
import time

import psycopg2

from .directory import directory

_logger = logging.getLogger(__name__)
INTERVAL = 10  # seconds between two batches of a process
HOUR = 3600  # seconds

# A tenant that is gone by now is left out; one failing row would lose the batch.
WRITE = """
    INSERT INTO saas.counter AS c (db, hour, requests, errors)
    SELECT n.db, to_timestamp(n.hour), n.requests, n.errors
      FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) AS n (db, hour, requests, errors)
      JOIN saas.tenant t USING (db)
        ON CONFLICT (db, hour) DO UPDATE
       SET requests = c.requests + excluded.requests, errors = c.errors + excluded.errors"""


class Counters:
    """What this process counted since its last batch."""

    def __init__(self):
        self._counts = collections.Counter()  # (db, when the hour began, is_error) -> how many
        self._lock = threading.Lock()
        self._timer = None

    def add(self, database, is_error):
        """Count one answer. The first one after a batch sets the time of the next batch."""
        hour = int(time.time()) // HOUR * HOUR
        with self._lock:
            self._counts[database, hour, is_error] += 1
            if self._timer is None:
                self._timer = threading.Timer(INTERVAL, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self):
        """Write the batch. If PostgreSQL is away it is kept for the next one."""
        with self._lock:
            counts, self._counts, self._timer = self._counts, collections.Counter(), None
        if not counts:
            return
        keys = sorted({(database, hour) for database, hour, _ in counts})
        errors = [counts[database, hour, True] for database, hour in keys]
        requests = [counts[database, hour, False] + counts[database, hour, True] for database, hour in keys]
        try:
            directory.link.execute(WRITE, [[db for db, _ in keys], [hour for _, hour in keys], requests, errors])
        except psycopg2.Error as error:
            _logger.warning("counters kept for later: %s", error)
            with self._lock:
                self._counts.update(counts)


counters = Counters()


def counting(database, start_response):
    """Return a `start_response` that counts the answer for this tenant."""

    def start_counted_response(status, headers, *exc_info):
        counters.add(database, str(status)[:1] == "5")
        return start_response(status, headers, *exc_info)

    return start_counted_response


def install():
    """A worker that ends in good order writes its last batch."""
    atexit.register(counters.flush)
