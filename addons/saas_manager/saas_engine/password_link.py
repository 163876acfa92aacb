"""Odoo's own "set your password" link, minted by SQL in the tenant's database, as the tenant's role.

The same token as `res.partner._generate_signup_token` of `auth_signup` and `odoo.tools.hash_sign` make (18.0 and 19.0
alike). It dies with the user's first sign-in and after some hours, so it is minted when the customer clicks.
"""

import base64
import hashlib
import hmac
import json
import time

from .errors import EngineError
from .personalise import ADMIN, parameter

SCOPE = "signup"
VALIDITY = "auth_signup.reset_password.validity.hours"
DEFAULT_HOURS = 4
USERS = "SELECT id FROM res_users WHERE partner_id = %s AND active ORDER BY login"
# Odoo truncates to seconds, and its servers run in UTC.
LAST_LOGIN = """
    SELECT floor(extract(epoch FROM max(l.create_date)))::bigint FROM res_users u JOIN LATERAL (
        SELECT create_date FROM res_users_log WHERE create_uid = u.id ORDER BY id DESC LIMIT 1) l ON true
    WHERE u.partner_id = %s AND u.active
"""


def mint_reset_token(connection):
    """Allow the database's administrator to set a new password.

    :param connection: autocommit, to the tenant's database, logged in as the tenant
    :return: the path to open at the tenant's address
    """
    with connection, connection.cursor() as cr:
        partner = _administrator(cr)
        _prepare(cr, partner)
        payload = [partner, _users(cr, partner), _last_login(cr, partner), "reset"]
        hours = int(parameter(cr, VALIDITY) or DEFAULT_HOURS)
        token = sign(parameter(cr, "database.secret"), payload, int(time.time()) + hours * 3600)
    return f"/web/reset_password?token={token}"


def sign(secret, payload, expiration):
    """Do what `odoo.tools.hash_sign` does for the signup scope.

    :param str secret: the parameter ``database.secret``
    :param list payload: what the token says
    :param int expiration: seconds since the epoch
    """
    message = json.dumps(payload)
    signed = repr((SCOPE, f"1:{message}:{expiration}"))
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    token = b"\x01" + expiration.to_bytes(8, "little") + digest + message.encode()
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _administrator(cr):
    cr.execute(ADMIN)
    row = cr.fetchone()
    if row is None:
        raise EngineError("The database has no administrator.")
    return row[1]


def _prepare(cr, partner):
    cr.execute("UPDATE res_partner SET signup_type = 'reset' WHERE id = %s", [partner])


def _users(cr, partner):
    cr.execute(USERS, [partner])
    users = [user for (user,) in cr.fetchall()]
    if not users:
        raise EngineError("The database's administrator was archived.")
    return users


def _last_login(cr, partner):
    cr.execute(LAST_LOGIN, [partner])
    [seconds] = cr.fetchone()
    return seconds
