"""Stop the engine dead between two SQL statements, as `kill -9` of a worker would."""

import contextlib

import psycopg2
from psycopg2.extensions import connection, cursor


class Killed(BaseException):
    """The process ended here. No handler for ordinary errors may see it."""


class Killer:
    """Counts statements and, from the given one on, lets none reach the server.

    :param int after: how many statements still get through; None for all
    """

    def __init__(self, after=None):
        self.after, self.count = after, 0

    def tick(self):
        if self.after is not None and self.count >= self.after:
            raise Killed
        self.count += 1

    @contextlib.contextmanager
    def armed(self, monkeypatch):
        """Let all statements of `Cluster` go through this."""
        killer = self

        class KillingCursor(cursor):
            def execute(self, query, parameters=None):
                killer.tick()
                return super().execute(query, parameters)

        class KillingConnection(connection):
            def cursor(self, *args, **kwargs):
                return super().cursor(*args, cursor_factory=KillingCursor, **kwargs)

        def connect(*args, **kwargs):
            return real(*args, connection_factory=KillingConnection, **kwargs)

        real = psycopg2.connect
        with monkeypatch.context() as patched:
            patched.setattr(psycopg2, "connect", connect)
            yield self


def statements(monkeypatch, action):
    """Return how many statements an action takes."""
    with Killer().armed(monkeypatch) as killer:
        action()
    return killer.count


def kill_at(monkeypatch, number, action):
    """Run an action, killed after so many statements; tell whether it was."""
    try:
        with Killer(after=number).armed(monkeypatch):
            action()
    except Killed:
        return True
    return False
