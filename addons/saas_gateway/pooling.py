"""A connection is found by its database. Odoo compares what it looks for with each connection of the pool.

A worker serves one tenant after the other, so that its pool is full of others' connections. To look at all of them, and
to take each one's DSN apart anew, twice per request, costs more than all else that the gateway does.
"""

import functools
import time

import psycopg2
from psycopg2.extensions import parse_dsn

import odoo.sql_db

from . import wrapping

THOROUGH = 10  # seconds after which Odoo looks at all again, and closes what nobody has used for long


class Latest:
    """The connection of each database that was borrowed last from one pool, which goes on keeping it."""

    def __init__(self, pool):
        self.pool = pool
        self._by_database = {}  # name -> (the pool's entry, libpq keywords that it was borrowed for)
        self._looked_at = float("-inf")

    def take(self, connection_info):
        """Return the connection if it is there for these libpq keywords, and idle; else None."""
        entry, known = self._by_database.get(connection_info["database"], (None, None))
        if known != connection_info or time.monotonic() - self._looked_at > THOROUGH:
            return None
        with self.pool._lock:
            connection, is_used = read_entry(entry)
            if is_used or connection.closed:
                return None
            try:
                connection.reset()
            except psycopg2.OperationalError:
                return None  # Odoo will find the same, and take another
            _mark_used(entry)
        return connection

    def remember(self, connection_info, borrowed):
        """Note what Odoo has found, or opened, after a look at all."""
        self._looked_at = time.monotonic()
        with self.pool._lock:
            entries = {read_entry(entry)[0]: entry for entry in self.pool._connections}
        kept = {name: kept for name, kept in self._by_database.items() if not read_entry(kept[0])[0].closed}
        if borrowed in entries:
            kept[connection_info["database"]] = entries[borrowed], connection_info
        self._by_database = kept


def read_entry(entry):
    """Return a connection of Odoo's pool, and whether it is in use.

    :param entry: of the list; 18.0 keeps [connection, is it used, when it was], 19.0 the connection with attributes
    """
    return entry[:2] if isinstance(entry, list) else (entry, entry._pool_in_use)


def _mark_used(entry):
    if isinstance(entry, list):
        entry[1] = True
    else:
        entry._pool_in_use = True


def _build_borrow(borrow):
    def borrow_by_database(pool, connection_info):
        latest = vars(pool).get("latest") or vars(pool).setdefault("latest", Latest(pool))
        connection = latest.take(connection_info)
        if connection is None:
            connection = borrow(pool, connection_info)
            latest.remember(connection_info, connection)
        return connection

    return borrow_by_database


def _build_dsn_equals(dsn_equals):
    def is_same_database_and(pool, dsn, info):
        if type(dsn) is str and type(info) is dict and _database_of(dsn) != info.get("database"):
            return False
        return dsn_equals(pool, dsn, info)

    return is_same_database_and


@functools.lru_cache(4096)
def _database_of(dsn):
    return parse_dsn(dsn).get("dbname")


def install():
    """Wrap where Odoo takes a connection, and how it compares them."""
    wrapping.replace(odoo.sql_db.ConnectionPool, "borrow", _build_borrow)
    wrapping.replace(odoo.sql_db.ConnectionPool, "_dsn_equals", _build_dsn_equals)
