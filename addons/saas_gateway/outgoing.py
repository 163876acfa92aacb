"""A tenant's settings name hosts that Odoo connects to: webhooks, link previews, mail servers, pictures "from a URL".

From in here they would reach what trusts this machine: PostgreSQL, the job runner, the manager, a cloud's metadata, a
cluster's API. So every connection that Python opens is looked at once its name is resolved, and refused before it is
opened. PostgreSQL itself is reached by a library of C, which does not pass here.
"""

import errno
import logging
import os
import socket

from odoo.tools import config

from . import wrapping
from .outside import INTERNET, is_outside, parse, plain

_logger = logging.getLogger(__name__)
SETTING = "SAAS_OUTGOING_ALLOW"
_state = {"allowed": ()}


class OutgoingRefused(PermissionError):
    """The address is inside the service's own network."""


def check(sock, address):
    """Return the address to connect to: one that is outside, its name resolved once and for all.

    :param socket sock: tells the family of the address
    :param tuple address: as for `socket.connect`
    :raise OutgoingRefused: it is inside
    """
    if sock.family not in INTERNET:
        return address
    host, port, *rest = address
    try:
        ip = plain(host)
    except ValueError:  # a name: resolved again by whoever connects it could be another address
        *_kind, (host, port, *rest) = socket.getaddrinfo(host, port, sock.family, sock.type)[0]
        ip = plain(host)
    if not is_outside(ip, port, _state["allowed"]):
        _logger.warning("refused to connect to %s port %s", ip, port)
        inside = f"{ip} port {port} is inside the service's own network, which is closed to sites"
        raise OutgoingRefused(errno.EACCES, inside)
    return (host, port, *rest)


def _build_connect(connect):
    def connect_outside(self, address):
        return connect(self, check(self, address))

    return connect_outside


def _build_connect_ex(connect_ex):
    def connect_outside_ex(self, address):
        try:
            return connect_ex(self, check(self, address))
        except OutgoingRefused as refusal:
            return refusal.errno

    return connect_outside_ex


def _build_sendto(sendto):
    def sendto_outside(self, data, *flags_and_address):
        *flags, address = flags_and_address
        return sendto(self, data, *flags, check(self, address))

    return sendto_outside


def _build_sendmsg(sendmsg):
    def sendmsg_outside(self, buffers, ancdata=(), flags=0, address=None):
        where = [] if address is None else [check(self, address)]
        return sendmsg(self, buffers, ancdata, flags, *where)

    return sendmsg_outside


def install():
    """Wrap the ways to connect a socket; in the evented process these are gevent's, which came before.

    :raise ValueError: the operator's setting can't be read
    """
    relay = f"{config['smtp_server']}:{config['smtp_port']}"
    _state["allowed"] = parse(f"{relay},{os.environ.get(SETTING, '')}")
    wrapping.replace(socket.socket, "connect", _build_connect)
    wrapping.replace(socket.socket, "connect_ex", _build_connect_ex)
    wrapping.replace(socket.socket, "sendto", _build_sendto)
    wrapping.replace(socket.socket, "sendmsg", _build_sendmsg)
