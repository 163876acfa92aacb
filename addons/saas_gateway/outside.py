"""Which addresses are outside: the internet and what the operator has named. No import of Odoo."""

import functools
import ipaddress
import logging
import socket
import time

import psutil

_logger = logging.getLogger(__name__)
WEB_PORTS = (80, 443)  # what the whole internet reaches at this machine's own public address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
KEPT = 60  # seconds that resolved names and this machine's own addresses are kept
INTERNET = (socket.AF_INET, socket.AF_INET6)


def parse(text):
    """Return what the operator allows, for `is_outside`: (network or name, port or None for all).

    :param str text: for example ``10.0.0.25:587, mail.internal:25, 192.168.7.0/24, [fd00::1]:993``
    :raise ValueError: a part of it is no such thing
    """
    return tuple(_parse_one(part.strip()) for part in text.split(",") if part.strip())


def _parse_one(part):
    host, port = part, None
    if part.startswith("["):
        host, _bracket, rest = part[1:].partition("]")
        port = rest.removeprefix(":") or None
    elif part.count(":") == 1:
        host, _colon, port = part.partition(":")
    if port is not None and not (port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"{part!r} has no usable port")
    port = port and int(port)
    try:
        return ipaddress.ip_network(host, strict=False), port
    except ValueError:
        if not host or "/" in host or ":" in host:
            raise ValueError(f"{part!r} is no name, address or network") from None
        return host, port


def is_outside(address, port, allowed=()):
    """Tell whether a connection to that address is one to the outside, or allowed all the same.

    :param address: `ipaddress.IPv4Address` or `IPv6Address`
    :param allowed: what `parse` returns
    """
    address = innermost(address)
    if any(its_port in (None, port) and address in _addresses(where) for where, its_port in allowed):
        return True
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return port in WEB_PORTS or address not in _own_addresses(_tick())


def innermost(address):
    """Return the IPv4 address that a translating IPv6 address stands for, any other as it is."""
    if address.version == 4:
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address


def _addresses(where):
    return _resolve(where, _tick()) if isinstance(where, str) else where


def _tick():
    return int(time.monotonic() / KEPT)


@functools.lru_cache(maxsize=64)
def _resolve(name, _tick):
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError as error:
        _logger.warning("%s, which this service may connect to, is not found: %s", name, error)
        return frozenset()
    return frozenset(plain(sockaddr[0]) for *_kind, sockaddr in found)


@functools.lru_cache(maxsize=1)
def _own_addresses(_tick):
    found = [each for addresses in psutil.net_if_addrs().values() for each in addresses]
    return frozenset(plain(each.address) for each in found if each.family in INTERNET)


def plain(text):
    """Return an address without the interface that may follow it (``fe80::1%eth0``).

    :raise ValueError: it is a name
    """
    return ipaddress.ip_address(text.partition("%")[0])
