"""One login role per tenant, member of `saas_owner`, which owns every object in every tenant's database."""

from psycopg2 import errors, sql
from psycopg2.extensions import encrypt_password

from . import naming

TEMP_FILE_LIMIT = "1GB"
IDLE_IN_TRANSACTION = "10min"

STRANGERS = """
    SELECT u.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
    WHERE r.rolname = %s AND u.rolname <> current_user
"""
SETTINGS_PER_DATABASE = """
    SELECT d.datname FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = %s
"""


def ensure_role(cluster, key, password, connection_limit):
    """Make the role of a tenant as it should be: create it, or put back what the tenant changed of it.

    :param str password: only its SCRAM verifier, computed here, reaches the server and its log
    :param int connection_limit: the hard limit of what one tenant can take from the cluster
    """
    role = naming.role_name(key)
    with cluster.connect() as connection, connection.cursor() as cr:
        verifier = encrypt_password(password, role, scope=connection, algorithm="scram-sha-256")
        try:
            _run(cr, "CREATE ROLE {role}", role)
        except errors.DuplicateObject:
            pass
        # One transaction: no login may meet the role half set, which would create objects under its own name.
        with connection:
            login = "ALTER ROLE {role} LOGIN CONNECTION LIMIT %s PASSWORD %s VALID UNTIL 'infinity'"
            _run(cr, login, role, [int(connection_limit), verifier])
            _run(cr, "GRANT saas_owner TO {role}", role)
            _reset_own_changes(cr, role)
            _run(cr, "ALTER ROLE {role} SET role = saas_owner", role)
            _run(cr, "ALTER ROLE {role} SET temp_file_limit = %s", role, [TEMP_FILE_LIMIT])
            _run(cr, "ALTER ROLE {role} SET idle_in_transaction_session_timeout = %s", role, [IDLE_IN_TRANSACTION])


def _reset_own_changes(cr, role):
    """Undo `ALTER ROLE self SET`, in every database, and (PostgreSQL 15) `GRANT self TO somebody`."""
    _run(cr, "ALTER ROLE {role} RESET ALL", role)
    cr.execute(SETTINGS_PER_DATABASE, [role])
    for (db,) in cr.fetchall():
        _run(cr, "ALTER ROLE {role} IN DATABASE {other} RESET ALL", role, other=db)
    cr.execute(STRANGERS, [role])
    for (member,) in cr.fetchall():
        _run(cr, "REVOKE {role} FROM {other}", role, other=member)


def _run(cr, statement, role, parameters=None, other=""):
    names = {"role": sql.Identifier(role)}
    if other:
        names["other"] = sql.Identifier(other)
    cr.execute(sql.SQL(statement).format(**names), parameters)
