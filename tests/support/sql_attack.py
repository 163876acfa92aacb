"""SQL as a tenant's administrator would run it, with the tenant's own role."""

import contextlib

import psycopg2
from saas_engine import naming

from . import tenants


def attacker(provisioner, tenant):
    """Return a function that runs statements in one login of a tenant, and returns the rows of the last."""

    def run(*statements, db=None):
        with contextlib.closing(login(provisioner, tenant, db)) as connection, connection.cursor() as cr:
            for statement in statements:
                cr.execute(statement)
            return cr.fetchall() if cr.description else None

    return run


def login(provisioner, tenant, db=None):
    """Return an autocommit connection of a tenant's role, to its own database unless another is named."""
    connection = psycopg2.connect(
        host=provisioner.cluster.host,
        port=provisioner.cluster.port,
        dbname=db or tenant.subdomain,
        user=naming.role_name(tenant.key),
        password=provisioner.runtime.tenant_password(tenants.MASTER, tenant.key),
    )
    connection.autocommit = True
    return connection
