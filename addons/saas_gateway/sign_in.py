"""What `saas_tenant` may ask about the link by which the service's support signs in. It never gets a key.

Who asks learns whether a token is good for this tenant here and now; what it takes to make one stays with the gateway.
"""

import time

from . import naming, sign_in_token
from .directory import directory
from .sign_in_token import Refused

_state = {"secret": None}


def configure(secret):
    """:param secret: made from the runtime's secret by `naming.sign_in_secret`"""
    _state["secret"] = secret


def check(database, host, token):
    """Return the claims of a token that opens this database at this host now.

    :param str database: the one that the request is for
    :param str host: what the browser asked for, with or without a port
    :raise Refused: with a reason, `invalid` or `expired`
    :raise DirectoryUnavailable: nothing was ever read
    """
    host = host.partition(":")[0].rstrip(".").lower()
    tenant = directory.tenant_of(host)
    if tenant is None or tenant.db != database or tenant.state != "active":
        raise Refused("invalid")
    return sign_in_token.check(naming.sign_in_key(_state["secret"], tenant.key), host, token, time.time())
