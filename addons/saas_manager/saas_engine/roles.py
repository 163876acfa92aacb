"""One login role per tenant, member of `saas_owner`, which owns every object in every tenant's database."""

from psycopg2 import errors, sql
from psycopg2.extensions import encrypt_password

from . import naming, role_settings


def ensure_role(cluster, key, password, limits):
    """Make the role of a tenant as it should be: create it, or put back what the tenant changed of it.

    :param str password: only its SCRAM verifier, computed here, reaches the server and its log
    :param dict limits: the plan's, see `role_settings.expected`
    """
    role = naming.role_name(key)
    with cluster.connect() as connection, connection.cursor() as cr:
        verifier = encrypt_password(password, role, scope=connection, algorithm="scram-sha-256")
        try:
            _run(cr, "CREATE ROLE {}", role)
        except errors.DuplicateObject:
            pass
        with connection:
            _run(cr, "ALTER ROLE {} PASSWORD %s", role, [verifier])
            role_settings.apply(cr, role, limits)


def set_limits(cluster, limits_by_key):
    """Bring the roles of tenants to their plans' limits, each in a transaction of its own. Runs again.

    Those that do not exist are left out: what needs one makes it. Sessions that are open keep what they have.

    :param dict limits_by_key: tenant's key -> limits
    :return: how many were changed
    """
    changed = 0
    with cluster.connect() as connection, connection.cursor() as cr:
        for key, limits in limits_by_key.items():
            with connection:
                changed += role_settings.put_back(cr, naming.role_name(key), limits)
    return changed


def _run(cr, statement, role, parameters=None):
    cr.execute(sql.SQL(statement).format(sql.Identifier(role)), parameters)
