"""The manager's own login to PostgreSQL, while its password is being replaced.

libpq reads PGPASSFILE at each login. Between the moment that the file has the new password and the moment that
PostgreSQL has it, the one before is right: it is in a file beside it (`saas_engine/rotation.py`).
"""

import psycopg2

from odoo.sql_db import ConnectionPool

from .saas_engine import logins


def install():
    """Wrap where Odoo takes a connection, once."""
    stock = ConnectionPool.borrow
    if getattr(stock, "is_saas_login", False):
        return

    def borrow(self, connection_info):
        try:
            return stock(self, connection_info)
        except psycopg2.OperationalError:
            path = logins.previous_passfile()
            if path is None or connection_info.get("password"):
                raise
        return stock(self, {**connection_info, "passfile": path})

    borrow.is_saas_login = True
    ConnectionPool.borrow = borrow
