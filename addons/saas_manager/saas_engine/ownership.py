"""Whose server it is. Two managers on one server would each take the other's tenants for leftovers.

The first manager that works with a server is written into its directory (`saas.owner`); every other one is refused,
until a person takes the server over. A manager is known by its database's UUID, which Odoo gives anew to copies.
"""

import dataclasses
import datetime

from psycopg2 import errors

from .errors import ConfigurationError, NotOwnerError

FIND = "SELECT manager_uuid, name, since FROM saas.owner"
CLAIM = "INSERT INTO saas.owner (manager_uuid, name) VALUES (%s, %s) ON CONFLICT DO NOTHING"
TAKE_OVER = """
    INSERT INTO saas.owner (manager_uuid, name) VALUES (%s, %s)
    ON CONFLICT (only_one) DO UPDATE SET manager_uuid = excluded.manager_uuid, name = excluded.name, since = now()
"""


@dataclasses.dataclass(frozen=True)
class Manager:
    """A manager, as its server knows it.

    :param str uuid: of its database
    :param str name: what people know it by
    """

    uuid: str
    name: str


@dataclasses.dataclass(frozen=True)
class Owner(Manager):
    """The manager that a server belongs to, and since when (aware)."""

    since: datetime.datetime


def find(connection):
    """Return the `Owner`, or None of a server that nobody has worked with.

    :raise ConfigurationError: the directory has no place for it
    """
    with connection.cursor() as cr:
        try:
            cr.execute(FIND)
        except errors.UndefinedTable:
            raise ConfigurationError(
                "The directory of this server is older than this manager: run the bootstrap again. It changes no data."
            ) from None
        row = cr.fetchone()
    return Owner(*row) if row else None


def require(connection, manager):
    """Make sure that the server is this manager's; one that is nobody's becomes it.

    :return: the `Owner`
    :raise NotOwnerError: it is another's; says whose
    """
    owner = find(connection)
    if owner is None:
        with connection.cursor() as cr:
            cr.execute(CLAIM, [manager.uuid, manager.name])
        owner = find(connection)  # another may have been faster
    if owner.uuid != manager.uuid:
        raise NotOwnerError(_explain(owner))
    return owner


def take_over(connection, manager):
    """Make the server this manager's, whoever it belonged to. For a person who knows that the other one is gone.

    :return: the `Owner` before, or None
    """
    before = find(connection)
    with connection.cursor() as cr:
        cr.execute(TAKE_OVER, [manager.uuid, manager.name])
    return before


def _explain(owner):
    return (
        f"This server belongs to another manager: {owner.name}, since {owner.since:%Y-%m-%d %H:%M} UTC. Nothing was"
        " changed. Two managers on one server would remove each other's tenants. If that manager is gone for good, an"
        " administrator can take the server over on its form."
    )
