"""The token by which the manager lets one of its people into a tenant, once and within a minute.

It says to which host, until when, as whom and on whose behalf, and is signed by a key of the tenant's own. The
tenant service checks it (`saas_gateway/sign_in_token.py`); `tests/unit/vectors.json` holds the two together.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time

SECONDS = 60
PATH = "/saas/sign-in"


def mint(key, host, login, by, now=None, nonce=None, quiet=False):
    """Return a token.

    :param str key: from `naming.sign_in_key`
    :param str host: the tenant's host, lower case and without a port: at any other the token is worth nothing
    :param str login: whom to sign in as; the tenant takes its first administrator if that is none
    :param str by: who asked for it, as the tenant's administrator is to read it
    :param float now: seconds since the epoch, by default the present
    :param str nonce: what makes it unlike any other, by default a random one
    :param bool quiet: leave no note for the tenant's administrator: where the database is our own
    """
    claims = {
        "by": by,
        "expires": int(time.time() if now is None else now) + SECONDS,
        "host": host,
        "login": login,
        "nonce": nonce or secrets.token_urlsafe(24),
    }
    if quiet:
        claims["quiet"] = True
    payload = _encode(json.dumps(claims, sort_keys=True, separators=(",", ":")).encode())
    return f"{payload}.{_encode(hmac.new(key.encode(), payload.encode(), hashlib.sha256).digest())}"


def address(url, token):
    """Return the address to open. The token stands behind a #: browsers send that to no server, so no log has it.

    :param str url: the tenant's address, without a slash at its end
    """
    return f"{url}{PATH}#{token}"


def _encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
