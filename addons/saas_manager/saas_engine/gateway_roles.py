"""One login role per dedicated runtime's gateway: it enters `postgres` alone and sees its own runtime's rows there."""

from psycopg2 import errors

from . import login_roles, naming
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
        login_roles.create(cr, role)
        with connection:
            login_roles.set_password(cr, role, password)
            login_roles.run(cr, "ALTER ROLE {} LOGIN CONNECTION LIMIT %s", role, [CONNECTION_LIMIT])
            login_roles.run(cr, "ALTER ROLE {} RESET ALL", role)
            # Odoo names the function that writes wake-ups down without its schema.
            login_roles.run(cr, "ALTER ROLE {} IN DATABASE postgres SET search_path = saas, public", role)
            login_roles.run(cr, "GRANT saas_gateways TO {}", role)
        Directory(cluster).set_runtime(code, role)


def remove(cluster, code):
    """Remove a runtime's row and its gateway's role. What is not there is fine.

    :raise EngineError: tenants are published for it, or the role is still in use
    """
    role = naming.gateway_role(code)
    with cluster.connect() as connection, connection.cursor() as cr:
        Directory(cluster).remove_runtime(code)
        try:
            login_roles.run(cr, "DROP ROLE IF EXISTS {}", role)
        except errors.DependentObjectsStillExist as error:
            raise EngineError(f"Role {role} is still in use: {error.diag.message_detail}") from None
