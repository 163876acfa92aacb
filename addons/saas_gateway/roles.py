"""Every tenant database is opened by its own PostgreSQL role, `postgres` by the gateway's own poor role.

A second wall stands behind the roles: a thread that works for one tenant opens that tenant's database and
`postgres` (Odoo's bus and crons need it) and no other, whatever the code that it runs asks for.
"""

import threading
from typing import NamedTuple

import psycopg2

import odoo
import odoo.sql_db

from . import logins, serving, wrapping
from .directory import directory
from .keys import keys
from .naming import role_name

OWN = "postgres"
# While odoo-bin builds, upgrades or inspects one, nobody else works on it. A suspended one stays closed for all.
OPEN_TO_COMMANDS = {"active", "building", "maintenance"}
OPEN_TO_SERVICE = {"active"}

_work = threading.local()


class Nobody(NamedTuple):
    """What stands for the tenant in a thread that works for none."""

    db: None = None
    key: None = None


NOBODY = Nobody()


class TenantClosed(psycopg2.OperationalError):
    """This process must not open that database now. Odoo treats it like a database that is away."""


def work_for(tenant):
    """From now on this thread works for one tenant.

    It stays so when the request is over, for what follows it (a streamed answer, a websocket): the next one says anew.

    :param Tenant tenant: from the directory, or None for no tenant at all
    """
    _work.of = tenant or NOBODY


def working_for():
    """Return the tenant that this thread works for, as it was then; NOBODY if it works for none, or never said so."""
    return getattr(_work, "of", NOBODY)


def assert_open(database):
    """Raise TenantClosed unless this thread may open the database now."""
    if database == OWN:
        return
    if hasattr(_work, "of") and _work.of.db != database:
        raise TenantClosed(f"another tenant's database: {database}")
    # The evented process opens databases for requests and websockets only: the first end at the door, the second
    # within a second, and they write who is offline while they do.
    if odoo.evented:
        return
    tenant = directory.tenant_in(database)
    if tenant is None or tenant.state not in (OPEN_TO_SERVICE if serving.is_serving() else OPEN_TO_COMMANDS):
        raise TenantClosed(f"the database {database} is not open")


def _key_in(database):
    """Return the key of the tenant whose database this is, None for the gateway's own."""
    tenant = None if database == OWN else directory.tenant_in(database)
    return tenant and tenant.key


def install():
    """Wrap how Odoo finds out how to connect, and where it takes a connection.

    :return: Odoo's own `connection_info_for`
    """

    def build_info(connection_info_for):
        def connection_info_for_tenant(db_or_uri, readonly=False):
            db, info = connection_info_for(db_or_uri, readonly)
            if "dsn" in info:
                raise ValueError("the gateway opens databases by name only")
            if db != OWN:
                tenant = directory.tenant_in(db)
                if tenant is None:
                    raise TenantClosed(f"no tenant's database: {db}")
                info.update(user=role_name(tenant.key), password=keys.passwords(tenant.key)[0])
            return db, info

        return connection_info_for_tenant

    def build_borrow(borrow):
        def borrow_if_open(self, connection_info):
            database = connection_info["database"]
            assert_open(database)
            return logins.connect(lambda info: borrow(self, info), connection_info, lambda: _key_in(database))

        return borrow_if_open

    wrapping.replace(odoo.sql_db.ConnectionPool, "borrow", build_borrow)
    return wrapping.replace(odoo.sql_db, "connection_info_for", build_info)
