"""Role names and passwords, derived exactly as the manager derives them when it creates the roles.

A copy on purpose: neither service may import the other's code. `tests/unit/vectors.json` holds the two together.
"""

import base64
import hashlib
import hmac
import re

TENANT_KEY = re.compile(r"[0-9a-f]{32}")
SECRET_BYTES = 32


def role_name(key):
    """Return the PostgreSQL login role of the tenant with this key."""
    return f"tenant_{_checked(key)}"


def password_key(secret):
    """Return the runtime's secret as a keyed HMAC: C state, which no walk over attributes can read back.

    :param bytes secret: as the runtime's secret file contains it
    """
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"A runtime's secret has at least {SECRET_BYTES} bytes.")
    return hmac.new(secret, b"saas-tenant-role-1:", hashlib.sha256)


def sign_in_secret(secret):
    """Return the runtime's secret for the keys of sign-in links, in the same form.

    :param bytes secret: as the runtime's secret file contains it
    """
    return hmac.new(secret, b"saas-sign-in-1:", hashlib.sha256)


def secret_mark(secret):
    """Return what shows that somebody knows a runtime's secret: the name of the gateway's connection carries it.

    :param bytes secret: as the runtime's secret file contains it
    """
    return f"saas_gateway {hmac.new(secret, b'saas-mark-1:', hashlib.sha256).hexdigest()[:16]}"


def sign_in_key(secret_key, key):
    """Derive the key that signs the sign-in links of a tenant.

    :param secret_key: what `sign_in_secret` returned
    :param str key: the tenant's key
    """
    return _derive(secret_key, key)


def role_password(secret_key, key):
    """Derive the password of a tenant's role. It is stored nowhere.

    :param secret_key: what `password_key` returned
    :param str key: the tenant's key
    """
    return _derive(secret_key, key)


def _derive(secret_key, key):
    mac = secret_key.copy()
    mac.update(_checked(key).encode())
    return base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def _checked(key):
    if not isinstance(key, str) or not TENANT_KEY.fullmatch(key):
        raise ValueError(f"Not a tenant's key: {key!r}")
    return key
