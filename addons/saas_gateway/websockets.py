"""Open websockets of a tenant that is not served any more are closed, however idle they are."""

import contextlib
import os
import socket
import sys

NICENESS = 3  # a busy chat may wait a little longer than a page
TICK = 0.3  # seconds between two looks; the polite and the impolite closing take one each


def watch():
    """Look after this (evented) process's websockets from now on."""
    import gevent  # only the evented process has it patched in

    os.nice(NICENESS)
    gevent.spawn(_watch, gevent)


def _watch(gevent):
    from . import guard, websocket_limits
    from .directory import DirectoryUnavailable, directory

    bus = None
    while True:
        gevent.sleep(TICK)
        if bus is None and "odoo.addons.bus.websocket" in sys.modules:
            bus = sys.modules["odoo.addons.bus.websocket"]
            websocket_limits.install(bus)
        open_sockets = list(bus._websocket_instances) if bus else ()
        if not open_sockets:
            continue
        try:
            tenants = directory.current(TICK / 2).by_database
        except DirectoryUnavailable:
            continue
        for websocket in open_sockets:
            tenant = tenants.get(websocket._db)
            if tenant is None or tenant.state != "active" or guard.is_unguarded(tenant.db):
                gevent.spawn(_close, bus, websocket)


def _close(bus, websocket):
    """Say goodbye; a client that has not answered by the next look is cut off."""
    with contextlib.suppress(OSError):  # gone already, which is what is wanted
        if websocket.state is bus.ConnectionState.OPEN:
            close = getattr(websocket, "close", None) or websocket.disconnect  # 19.0, 18.0
            close(bus.CloseCode.GOING_AWAY)
        elif websocket.state is bus.ConnectionState.CLOSING:
            # Only the connection: its own greenlet notices and puts the rest in order.
            websocket._Websocket__socket.shutdown(socket.SHUT_RDWR)
