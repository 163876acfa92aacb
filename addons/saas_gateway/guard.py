"""A database without `saas_tenant` has no limits: it is not served until the addon is back.

The addon refuses to be uninstalled; SQL, or a backup from elsewhere, does not ask it. What counts is the registry: no
registry without the addon stays in a process that serves.
"""

import threading
import time

import psycopg2

import odoo.sql_db
from odoo.modules.registry import Registry

from . import pages, reports, serving, wrapping

ADDON = "saas_tenant"
KIND = "unguarded"
LOOK_AGAIN = 2  # seconds between two looks at a database that is not served
LOAD_AGAIN = 30  # the same if it has to be loaded to see it
STATE = "SELECT state FROM ir_module_module WHERE name = %s"
LOADED = {"installed", "to upgrade", "to remove"}  # what Odoo loads without being asked to install anything

_look_at = {}  # database that is not served -> when to look again
_lock = threading.Lock()


class Unguarded(psycopg2.OperationalError):
    """The addon is missing. Odoo treats it like a database that is away."""


def is_unguarded(database):
    """Tell whether this process knows that a database is not to be served; it is not asked."""
    return database in _look_at


def page_for(database):
    """Return the page that ends every request for a database without the addon, None for any other.

    Looks whether the addon is back, now and then, and only at databases that were found without it.
    """
    if database not in _look_at:
        return None
    with _lock:
        if _look_at.get(database, 0) <= time.monotonic():
            try:
                _check_installed(database)
            except psycopg2.Error:
                return pages.UNGUARDED
            _look_at.pop(database, None)  # the registry that is loaded now has the last word
            return None
    return pages.UNGUARDED


def _check_installed(database):
    """Raise Unguarded unless Odoo would load the addon. Far cheaper than loading all to see what is missing."""
    with odoo.sql_db.db_connect(database).cursor() as cr:
        cr.execute(STATE, [ADDON])
        rows = cr.fetchall()
    if not rows or rows[0][0] not in LOADED:
        _refuse(database, LOOK_AGAIN)


def _refuse(database, seconds):
    _look_at[database] = time.monotonic() + seconds
    reports.tell(database, KIND, {"addon": ADDON})
    raise Unguarded(f"{ADDON} is not loaded in {database}")


def _build_new(stock):
    def new(cls, db_name, *args, **kwargs):
        if not serving.is_serving():
            return stock(db_name, *args, **kwargs)
        _check_installed(db_name)
        registry = stock(db_name, *args, **kwargs)
        if ADDON not in registry._init_modules:
            cls.delete(db_name)
            _refuse(db_name, LOAD_AGAIN)
        _look_at.pop(db_name, None)
        reports.tell(db_name, KIND, None)
        return registry

    return classmethod(new)


def install():
    """Wrap the one place where Odoo loads a registry."""
    wrapping.replace(Registry, "new", _build_new)
