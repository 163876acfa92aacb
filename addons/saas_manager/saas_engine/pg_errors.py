"""PostgreSQL's errors, translated into the engine's."""

import contextlib

import psycopg2

from .errors import ConfigurationError, DiskFullError, EngineError, RetryableError

DISK_FULL = "53100"
# 42501 is a missing right, 28000 and 28P01 a refused login, 3F000 and 42P01 a directory that was never set up.
NOT_SET_UP = {"42501", "28000", "28P01", "3F000", "42P01"}
# What another session's end heals: a database in use, a lock not had, a race lost, a statement that took too long.
PASSING = {"55006", "55P03", "40001", "40P01", "57014"}
# A file that is gone or can't be read, blocks that are broken: PostgreSQL's own disk is damaged.
DAMAGED = {"58P01", "58030", "XX001", "XX002"}
# The protocol's error at login carries no code to psycopg2, only text.
LOGIN_REFUSED = ("password authentication failed", "no password supplied", "no pg_hba.conf entry", "is not permitted")
CONCURRENTLY_UPDATED = "tuple concurrently updated"


@contextlib.contextmanager
def translated(what):
    """Raise the engine's errors in place of psycopg2's.

    :param str what: where it happened, for the message: "cluster 127.0.0.1:5432"
    """
    try:
        yield
    except psycopg2.Error as error:
        raise _translate(error, what) from error


def _translate(error, what):
    text = f"{what}: {' '.join(str(error).split())}"
    if error.pgcode == DISK_FULL:
        return DiskFullError(f"PostgreSQL's disk is full. {text}")
    if error.pgcode in DAMAGED:
        return EngineError(f"PostgreSQL can't read its own files. {text}")
    if error.pgcode in NOT_SET_UP or (error.pgcode is None and any(part in text for part in LOGIN_REFUSED)):
        return ConfigurationError(text)
    if error.pgcode in PASSING or CONCURRENTLY_UPDATED in text:
        return RetryableError(text)
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return RetryableError(text, seconds=10)
    return EngineError(text)
