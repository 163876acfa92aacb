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


def connect_otherwise(attempt, connection_info, key, refusal):
    """Return what an attempt that was refused returns with another password, which may be right by now.

    :param attempt: takes libpq keywords, raises psycopg2.OperationalError when the login is refused
    :param dict connection_info: libpq keywords of the attempt that was refused
    :param str key: of the tenant whose role logs in, or None for the gateway's own, whose passwords are in files
        (PGPASSFILE)
    :param refusal: what that attempt raised; raised again if nothing else is right either
    """
    for change in _others(connection_info, key):
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
