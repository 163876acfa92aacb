"""18.0 takes a connection twice per request, to find the route and to answer: it is cleaned for the first of the two.

To clean it (`DISCARD ALL`) is a round trip to PostgreSQL. What happened since the last one is a look for changes of the
registry and one for the route, in a transaction that was rolled back. 19.0 goes on with that very transaction.
"""

import time

import odoo.http
import odoo.sql_db

from . import wrapping

SOON = 1  # seconds in which whoever found the route asks again; later the connection may have died, and is tried


def _build_open_registry(open_registry):
    def open_registry_and_mark(request):
        registry, cr = open_registry(request)
        cr.connection.clean_until = time.monotonic() + SOON
        return registry, cr

    return open_registry_and_mark


def _build_reset(reset):
    def reset_unless_clean(connection):
        if time.monotonic() >= vars(connection).pop("clean_until", 0):
            reset(connection)

    return reset_unless_clean


def install():
    """Wrap where a request takes its first connection, and where the pool cleans one."""
    if hasattr(odoo.http.Request, "_open_registry"):
        wrapping.replace(odoo.http.Request, "_open_registry", _build_open_registry)
        wrapping.replace(odoo.sql_db.PsycoConnection, "reset", _build_reset)
