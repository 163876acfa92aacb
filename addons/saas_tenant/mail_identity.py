"""Under whose name a mail leaves. One relay serves all tenants: through it nobody sends as somebody else.

A mail server of the tenant's own knows its customer and decides itself.
"""

import ipaddress
import socket
from typing import NamedTuple

from odoo.tools import config
from odoo.tools.mail import email_domain_extract, email_normalize, encapsulate_email

# What else names a sender in a header. Odoo sets none of these by itself.
OTHER_SENDERS = ("Sender", "Resent-From", "Resent-Sender")


class Senders(NamedTuple):
    """A tenant's own hosts, and its own addresses for the header and for the envelope."""

    hosts: frozenset
    address: str
    bounce: str


def is_shared(smtp_session):
    """Tell whether a session leads to the relay that all tenants share.

    By where it is connected to, not by its name: a tenant can enter the relay's address as a mail server of its own.
    Whatever is inside our network counts as ours.
    """
    # 18.0 wraps the session and hides its socket.
    sock = getattr(getattr(smtp_session, "__obj__", smtp_session), "sock", None)
    if sock is None:
        return True
    peer = _address(sock.getpeername()[0])
    return not peer.is_global or peer in _relay_addresses()


def address_in(hosts, email):
    """Return a plain address if it is one of these hosts', else None."""
    normalized = email_normalize(email)
    return normalized if normalized and email_domain_extract(normalized) in hosts else None


def own(message, smtp_from, senders):
    """Let a message name none but the tenant as its sender; others stay as a name in front of its address.

    :param message: the `email.message.Message`, changed in place
    :param str smtp_from: the sender on the envelope
    :return: the sender on the envelope, one of the tenant's own
    """
    origins = message.get_all("From", [])
    if len(origins) != 1 or not address_in(senders.hosts, origins[0]):
        del message["From"]
        message["From"] = encapsulate_email(origins[0], senders.address) if origins else senders.address
    for name in OTHER_SENDERS:
        if any(not address_in(senders.hosts, value) for value in message.get_all(name, [])):
            del message[name]
    envelope = address_in(senders.hosts, smtp_from) or senders.bounce
    if message["Return-Path"] and not address_in(senders.hosts, message["Return-Path"]):
        message.replace_header("Return-Path", envelope)
    return envelope


def _relay_addresses():
    host = config.get("smtp_server")
    try:
        return {_address(info[4][0]) for info in socket.getaddrinfo(host, None)} if host else set()
    except OSError:  # its name can't be resolved: then no session leads there either
        return set()


def _address(text):
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
