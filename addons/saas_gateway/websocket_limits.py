"""How much of the evented process one tenant may have: open websockets, and what comes in through them.

Odoo limits the messages of one websocket. Here all of a tenant's are counted together, handshakes included.
"""

import sys

from . import connection_shares, wrapping
from .buckets import Buckets

MOST = 500  # websockets of a tenant that are open at once; a browser has one, whatever its tabs
RATE = 25.0  # messages and handshakes of a tenant per second, in the long run
BURST = 250.0  # in excess of that: after a restart all browsers come back at once

_taken = Buckets(RATE, BURST)


def admits(tenant):
    """Tell whether this (evented) process may take another connection of the tenant."""
    bus = sys.modules.get("odoo.addons.bus.websocket")
    if bus and sum(websocket._db == tenant.db for websocket in list(bus._websocket_instances)) >= MOST:
        return False
    return connection_shares.has_room(tenant.db) and _taken.take(tenant.db)


def _build_limit_rate(bus, limit_rate):
    def limit_rate_of_tenant(websocket):
        limit_rate(websocket)
        if not _taken.take(websocket._db):
            raise bus.RateLimitExceededException

    return limit_rate_of_tenant


def install(bus):
    """Wrap how Odoo limits what comes in through a websocket.

    :param bus: Odoo's module of websockets, which only an evented process needs
    """
    wrapping.replace(bus.Websocket, "_limit_rate", lambda stock: _build_limit_rate(bus, stock))
