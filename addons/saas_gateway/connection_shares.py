"""Of the database connections of the evented process, which serves all tenants at once, nobody has more than half.

A worker needs none of this: it serves one tenant at a time.
"""

import collections
import time

from psycopg2.pool import PoolError

import odoo
import odoo.sql_db

from . import wrapping
from .pooling import read_entry

PATIENCE, TICK = 2.0, 0.02  # seconds

_borrowing = collections.Counter()  # by database


def has_room(database):
    """Tell whether a tenant may have another connection of this process's pool."""
    pool = odoo.sql_db._Pool
    return pool is None or _in_use(pool, database) < _share(pool)


def _share(pool):
    return max(pool._maxconn // 2, 1)


def _in_use(pool, database):
    kept = map(read_entry, pool._connections)
    open_ones = [connection for connection, used in kept if used and not connection.closed]
    return _borrowing[database] + sum(connection.info.dbname == database for connection in open_ones)


def _wait_for_room(pool, database):
    """Wait until one of the tenant's own connections is free. The process does other things meanwhile (gevent)."""
    deadline = time.monotonic() + PATIENCE
    while _in_use(pool, database) >= _share(pool):
        if time.monotonic() > deadline:
            # Odoo's websockets try again for a while, then close themselves and tell the browser to come back later.
            raise PoolError(f"{database} has its share of this process's connections")
        time.sleep(TICK)


def _build_borrow(borrow):
    def borrow_own_share(pool, connection_info):
        database = connection_info["database"]
        _wait_for_room(pool, database)
        _borrowing[database] += 1  # others have their turn while a connection is opened
        try:
            return borrow(pool, connection_info)
        finally:
            _borrowing[database] -= 1

    return borrow_own_share


def install():
    """Wrap where Odoo takes a connection, in the process that serves all at once."""
    if odoo.evented:
        wrapping.replace(odoo.sql_db.ConnectionPool, "borrow", _build_borrow)
