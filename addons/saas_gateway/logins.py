"""A login that is refused is tried again with the other secret: while one is being replaced both may be right."""

import logging
import os

import psycopg2

from .keys import PREVIOUS, keys

_logger = logging.getLogger(__name__)


def look():
    """Look at the secret's files; tell whether they have changed. What is unreadable now changes nothing."""
    try:
        return keys.refresh()
    except (OSError, ValueError) as error:
        _logger.warning("the runtime's secret was not read again: %s", error)
        return False


def connect(attempt, connection_info, find_key):
    """Return `attempt(connection_info)`, or what it returns with another password that may be right by now.

    :param attempt: takes libpq keywords, raises psycopg2.OperationalError when the login is refused
    :param dict connection_info: libpq keywords
    :param find_key: returns the key of the tenant whose role logs in, or None for the gateway's own, whose passwords
        are in files (PGPASSFILE)
    """
    try:
        return attempt(connection_info)
    except psycopg2.OperationalError as error:
        refusal = error
    for change in _others(connection_info, find_key()):
        try:
            return attempt({**connection_info, **change})
        except psycopg2.OperationalError as error:
            refusal = error
    raise refusal


def _others(connection_info, key):
    """Return what to try instead: nothing, outside of a rotation."""
    if key is None:
        path = f"{os.environ.get('PGPASSFILE', '')}{PREVIOUS}"
        return [{"passfile": path}] if os.path.exists(path) else []
    look()
    tried = connection_info.get("password")
    return [{"password": password} for password in keys.passwords(key) if password != tried]
