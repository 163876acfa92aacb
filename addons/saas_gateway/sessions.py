"""Every tenant's sessions lie in a folder of their own, `sessions/<key>`: no request finds a neighbour's.

Odoo keeps all sessions of a service in one folder and believes the database's name that stands in the file. Here the
folder says whose a session is, by the key, which a tenant keeps for life: after a rename people stay signed in.
Who works for no tenant finds and keeps no session at all.
"""

import contextlib
import os
import time
from pathlib import Path

import odoo.http
from odoo.tools import config

from . import roles, wrapping

NOBODY = "nobody"  # never made; no key looks like it
# What a tenant's own rule (`sessions.max_inactivity_seconds`) has left, because it is long or its crons don't run.
LONGEST = 90 * 24 * 3600


def _build_store(stock):
    class TenantSessions(stock):
        """Odoo's store, in the folder of the tenant that the thread works for."""

        @property
        def path(self):
            return os.path.join(self._root, roles.working_for().key or NOBODY)

        @path.setter
        def path(self, value):
            self._root = value

        @property
        def mode(self):
            """Rights of the files: the service's alone, where the stock constructor lets everybody read."""
            return 0o600

        @mode.setter
        def mode(self, value):
            """Override of the constructor's choice."""

        def save(self, session):
            if not roles.working_for().key:
                return None
            os.makedirs(self.path, 0o700, exist_ok=True)
            return super().save(session)

        def get(self, sid):
            session = super().get(sid)
            database = roles.working_for().db
            # The database was renamed since. Whether somebody is signed in, the session's token decides as ever.
            if session.get("db") and database:
                session["db"] = database
            return session

        def vacuum(self, max_lifetime=odoo.http.SESSION_LIFETIME):
            prune(Path(self.path), "*/*", max_lifetime)

    return TenantSessions


def prune_all():
    """Remove what is older than any rule of a tenant's own should keep, of all tenants."""
    root = Path(config.session_dir)
    for pattern in ("*/*/*", "*/*"):
        prune(root, pattern, LONGEST)


def prune(folder, pattern, seconds):
    """Remove files that nobody has used for so long; what others remove meanwhile is fine.

    :param Path folder: where to look
    :param str pattern: which files in it
    """
    threshold = time.time() - seconds
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mtime < threshold:
                path.unlink()


def install():
    """Replace the class of the store, before Odoo makes the one that it keeps."""
    if "session_store" in vars(odoo.http.root):
        raise ImportError("Odoo has made its store of sessions already")
    wrapping.replace(odoo.http, "FilesystemSessionStore", _build_store)
