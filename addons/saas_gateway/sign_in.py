"""What `saas_tenant` may ask about the link by which the service's support signs in. It never gets a key.

Who asks learns whether a token is good for this tenant here and now; what it takes to make one stays with the gateway.
"""

import time

from . import logins, sign_in_token
from .directory import directory
from .keys import keys
from .sign_in_token import Refused


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
    logins.look()  # the manager signs by the new secret from the moment it is there
    return sign_in_token.check_any(keys.sign_in_keys(tenant.key), host, token, time.time())
