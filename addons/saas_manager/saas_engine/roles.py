"""One login role per tenant, member of `saas_owner`, which owns every object in every tenant's database."""

import functools

from psycopg2 import errors

from . import databases, login_roles, naming, role_settings
from .errors import RetryableError

# A tenant's open transaction that changes its own role would keep whoever puts the role right waiting for ever.
LOCK_TIMEOUT = "3s"
END_CHANGERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s AND pid IN (
        SELECT pid FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation IN (
            'pg_authid'::regclass, 'pg_auth_members'::regclass, 'pg_db_role_setting'::regclass))
"""


def ensure_role(cluster, key, password, limits):
    """Make the role of a tenant as it should be: create it, or put back what the tenant changed of it.

    :param str password: only its SCRAM verifier, computed here, reaches the server and its log
    :param dict limits: the plan's, see `role_settings.expected`
    """
    role = naming.role_name(key)
    with cluster.connect() as connection, connection.cursor() as cr:
        login_roles.create(cr, role)

        def put_right(cr):
            login_roles.set_password(cr, role, password)
            role_settings.apply(cr, role, limits)

        _change(connection, role, put_right)


def set_password(cluster, key, password):
    """Give the role of a tenant another password. One that does not exist is left out: what needs it makes it."""
    role = naming.role_name(key)
    with cluster.connect() as connection, connection.cursor() as cr:
        try:
            login_roles.set_password(cr, role, password)
        except errors.UndefinedObject:
            pass


def set_limits(cluster, limits_by_key):
    """Bring the roles of tenants to their plans' limits, each in a transaction of its own. Runs again.

    Those that do not exist are left out: what needs one makes it. Sessions that are open keep what they have.

    :param dict limits_by_key: tenant's key -> limits
    :return: how many were changed
    """
    changed = 0
    with cluster.connect() as connection:
        for key, limits in limits_by_key.items():
            role = naming.role_name(key)
            changed += _change(connection, role, functools.partial(role_settings.put_back, role=role, limits=limits))
    return changed


def _change(connection, role, change):
    """Run a change of a role in one transaction. A session of the role that stands in the way is ended.

    :param change: called with a cursor
    :return: what it returns
    :raise RetryableError: somebody is in the way all the same
    """
    for is_last in (False, True):
        try:
            with connection, connection.cursor() as cr:
                cr.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
                return change(cr)
        except errors.LockNotAvailable:
            if is_last:
                raise RetryableError(f"Role {role} is being changed by somebody else.") from None
            with databases.acting_as(connection, "pg_signal_backend") as cr:
                cr.execute(END_CHANGERS, [role])
