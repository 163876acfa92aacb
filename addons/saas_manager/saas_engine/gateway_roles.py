"""One login role per dedicated runtime's gateway: it enters `postgres` alone and sees its own runtime's rows there."""

from psycopg2 import errors, sql
from psycopg2.extensions import encrypt_password

from . import naming
from .directory import Directory
from .errors import EngineError

# A service's processes hold one for the directory, and a few for Odoo's crons and bus.
CONNECTION_LIMIT = 30


def ensure(cluster, code, secret):
    """Make a runtime's gateway as it should be: role, password, rights, and its row in the directory. Runs again.

    :param str code: the runtime's
    :param bytes secret: the runtime's; only the SCRAM verifier of what derives from it reaches the server
    """
    role, password = naming.gateway_role(code), naming.gateway_password(secret, code)
    with cluster.connect() as connection, connection.cursor() as cr:
        verifier = encrypt_password(password, role, scope=connection, algorithm="scram-sha-256")
        try:
            _run(cr, "CREATE ROLE {}", role)
        except errors.DuplicateObject:
            pass
        with connection:
            _run(cr, "ALTER ROLE {} LOGIN CONNECTION LIMIT %s PASSWORD %s", role, [CONNECTION_LIMIT, verifier])
            _run(cr, "ALTER ROLE {} RESET ALL", role)
            # Odoo names the function that writes wake-ups down without its schema.
            _run(cr, "ALTER ROLE {} IN DATABASE postgres SET search_path = saas, public", role)
            _run(cr, "GRANT saas_gateways TO {}", role)
        Directory(cluster).set_runtime(code, role)


def remove(cluster, code):
    """Remove a runtime's row and its gateway's role. What is not there is fine.

    :raise EngineError: tenants are published for it, or the role is still in use
    """
    role = naming.gateway_role(code)
    with cluster.connect() as connection, connection.cursor() as cr:
        Directory(cluster).remove_runtime(code)
        try:
            _run(cr, "DROP ROLE IF EXISTS {}", role)
        except errors.DependentObjectsStillExist as error:
            raise EngineError(f"Role {role} is still in use: {error.diag.message_detail}") from None


def _run(cr, statement, role, parameters=None):
    cr.execute(sql.SQL(statement).format(sql.Identifier(role)), parameters)
