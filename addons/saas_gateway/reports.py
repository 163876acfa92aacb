"""What the manager has to know of a tenant: a row of the directory for as long as it is so.

Each process compares what it finds with its copy of the directory, which has these rows as well: one that has found
nothing clears what another one had found.
"""

import logging
import time

import psycopg2
from psycopg2.extras import Json

from .directory import directory

_logger = logging.getLogger(__name__)
PATIENCE = 2  # seconds until this process may have read its own row

# A tenant that is gone by now is left out.
WRITE = """
    INSERT INTO saas.report AS r (db, kind, detail) SELECT t.db, %s, %s FROM saas.tenant t WHERE t.db = %s
        ON CONFLICT (db, kind) DO UPDATE SET detail = excluded.detail WHERE r.detail <> excluded.detail"""
CLEAR = "DELETE FROM saas.report WHERE kind = %s AND db = %s"

_told = {}  # (database, kind) -> (detail, until when to be patient)


def tell(database, kind, detail):
    """Write down what is so, or that it is over. Cheap to call all the time: only a difference is written.

    :param str kind: `surplus_users`, `unguarded`
    :param detail: a dict of plain values, None: it is not so, or not any more
    """
    tenant = directory.tenant_in(database)
    told, until = _told.get((database, kind), (None, 0))
    if tenant is None or tenant.reports.get(kind) == detail or (told == detail and time.monotonic() < until):
        return
    _told[database, kind] = detail, time.monotonic() + PATIENCE
    _logger.warning("report on %s: %s %s", database, kind, "is over" if detail is None else detail)
    try:
        if detail is None:
            directory.link.execute(CLEAR, [kind, database])
        else:
            directory.link.execute(WRITE, [kind, Json(detail), database])
    except psycopg2.Error as error:
        _logger.warning("report on %s kept for later: %s", database, error)
