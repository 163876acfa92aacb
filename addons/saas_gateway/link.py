"""This process's own connection to the directory, outside Odoo's pool: a full pool must not blind the gateway."""

import os
import threading

import psycopg2

from . import logins
from .keys import keys


class Link:
    """One autocommitting connection per process, opened when first needed and again when it died or after a fork."""

    def __init__(self):
        self._parameters = {}
        self._connection = None
        self._pid = None
        self._lock = threading.Lock()

    def configure(self, connection_info):
        """:param dict connection_info: libpq keywords of the database `postgres`, without a password (PGPASSFILE)"""
        self._parameters = {
            **connection_info,
            "connect_timeout": 3,
            "tcp_user_timeout": 5000,
            "options": "-c statement_timeout=5000",
        }

    def reset(self):
        """Let the next statement run on a new connection: what it logs in with has changed."""
        with self._lock:
            if self._is_open():
                self._connection.close()

    def execute(self, query, values=None):
        """Run one statement, on a new connection if the one at hand turns out to be dead.

        :return: the rows, or an empty list
        :raise psycopg2.Error: the statement failed, or no connection can be had
        """
        with self._lock:
            if self._is_open():
                try:
                    return self._execute(query, values)
                except psycopg2.errors.QueryCanceled:
                    raise  # too slow; a second time would be no faster
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    # Under gevent psycopg2 does not always mark a dead connection as closed: never trust it again.
                    self._connection.close()
            self._open()
            return self._execute(query, values)

    def _execute(self, query, values):
        with self._connection.cursor() as cr:
            cr.execute(query, values)
            return cr.fetchall() if cr.description else []

    def _is_open(self):
        # After a fork the parent's socket is left alone; psycopg2 closes it in its own process only.
        return self._connection is not None and self._pid == os.getpid() and not self._connection.closed

    def _open(self):
        named = {**self._parameters, "application_name": keys.mark()}
        self._connection = logins.connect(lambda info: psycopg2.connect(**info), named, lambda: None)
        self._connection.autocommit = True
        self._pid = os.getpid()
