"""What Odoo notes in `postgres` (a job is due) goes into rows that the cron workers write at the same time.

Odoo's cursors keep the snapshot that they began with (REPEATABLE READ). The notice would fail whenever a worker claims
the row at that moment, and with it a request whose work is committed already. Here it waits for the worker instead.
"""

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

import odoo.sql_db

from . import wrapping
from .roles import OWN


def _build_cursor(stock):
    def cursor(connection):
        made = stock(connection)
        if connection.dbname == OWN:
            made.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        return made

    return cursor


def install():
    """Wrap where Odoo makes a cursor."""
    wrapping.replace(odoo.sql_db.Connection, "cursor", _build_cursor)
