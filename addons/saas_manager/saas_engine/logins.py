"""A login that is refused is tried again with the secret before: while one is being replaced, either may be right."""

import os

import psycopg2

from .settings import PREVIOUS


def connect(parameters, previous=None):
    """Return a connection.

    :param dict parameters: libpq keywords; without a password libpq takes it from PGPASSFILE
    :param str previous: the password before, if there is one; it is looked for beside PGPASSFILE where none is given
    :raise psycopg2.OperationalError: neither works
    """
    try:
        return psycopg2.connect(**parameters)
    except psycopg2.OperationalError:
        other = _other(parameters, previous)
        if other is None:
            raise
    return psycopg2.connect(**{**parameters, **other})


def _other(parameters, previous):
    if parameters.get("password") is not None:
        return {"password": previous} if previous else None
    path = previous_passfile()
    return {"passfile": path} if path else None


def previous_passfile():
    """Return the file with the password before of whom PGPASSFILE is for, or None: nothing is being replaced."""
    path = f"{os.environ.get('PGPASSFILE', '')}{PREVIOUS}"
    return path if os.path.exists(path) else None
