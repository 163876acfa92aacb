"""Talk to a tenant's own ORM, as its administrator, through its public door.

For what plain SQL can't do. A first call costs seconds, so it is for the time after the tenant is usable.
"""

import contextlib
import secrets
import urllib.error
import urllib.request

import odoorpc
from passlib.hash import pbkdf2_sha512

from .errors import EngineError, RetryableError
from .personalise import ADMIN

TIMEOUT = 120
# As `res.users.apikeys` makes and checks its keys, in 18.0 and 19.0 alike.
KEY_BYTES, INDEX_SIZE, ROUNDS = 20, 8, 6000
VALIDITY = "15 minutes"
KEY_NAME = "Set-up by the service"
INSERT = f"""
    INSERT INTO res_users_apikeys (name, user_id, scope, expiration_date, key, index, create_date)
    SELECT %s, u.id, 'rpc', now() AT TIME ZONE 'UTC' + interval '{VALIDITY}', %s, %s, now() AT TIME ZONE 'UTC'
    FROM ({ADMIN}) admin JOIN res_users u ON u.id = admin.id WHERE u.active RETURNING id
"""  # noqa: S608 - nothing but the constants above
LOGIN = "SELECT u.login FROM res_users_apikeys k JOIN res_users u ON u.id = k.user_id WHERE k.id = %s"


@contextlib.contextmanager
def session(connection, address, host, database):
    """Give an `odoorpc.ODOO` that is signed in as the tenant's administrator.

    By an API key that is deleted when the block ends, and that expires by itself should the worker be killed.

    :param connection: autocommit, to the tenant's database, logged in as the tenant
    :param address: where the proxy or the tenant service listens, as `urllib.parse.urlsplit` returns it
    :param str host: the Host header, with the port that browsers see
    :param str database: the tenant's database
    :raise EngineError: the database has no administrator who may sign in
    :raise RetryableError: the tenant does not answer
    """
    with _temporary_key(connection) as (login, key), _errors_as_ours(host):
        protocol = "jsonrpc+ssl" if address.scheme == "https" else "jsonrpc"
        port = address.port or {"http": 80, "https": 443}[address.scheme]
        odoo = odoorpc.ODOO(address.hostname, protocol, port, timeout=TIMEOUT, opener=_opener(host))
        odoo.login(database, login, key)
        yield odoo


@contextlib.contextmanager
def _temporary_key(connection):
    key = secrets.token_hex(KEY_BYTES)
    hashed = pbkdf2_sha512.using(rounds=ROUNDS).hash(key)
    with connection.cursor() as cr:
        cr.execute(INSERT, [KEY_NAME, hashed, key[:INDEX_SIZE]])
        row = cr.fetchone()
        if row is None:
            raise EngineError("The database has no administrator who may sign in.")
        try:
            cr.execute(LOGIN, row)
            yield cr.fetchone()[0], key
        finally:
            cr.execute("DELETE FROM res_users_apikeys WHERE id = %s", row)


@contextlib.contextmanager
def _errors_as_ours(host):
    try:
        yield
    except odoorpc.error.RPCError as error:
        raise EngineError(f"{host} refused: {error}") from error
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
        raise RetryableError(f"{host} does not answer: {error}", seconds=10) from error


class _Host(urllib.request.BaseHandler):
    """Name the tenant: `acme.localhost` resolves in browsers only, so the connection goes to the proxy's address."""

    handler_order = 100  # before urllib would name the address

    def __init__(self, host):
        self.host = host

    def http_request(self, request):
        request.add_unredirected_header("Host", self.host)
        return request

    https_request = http_request


def _opener(host):
    # No proxy for the outside world has a part in this.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _Host(host))
