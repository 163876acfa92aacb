"""A name whose address changes between being looked at and connected to: run with Odoo by test_rebinding.py."""

import errno
import ipaddress
import socket
import sys

ANSWERS = {"outside": "93.184.216.34", "inside": "127.0.0.1", "metadata": "169.254.169.254"}
_told, _connected = [], []


def resolve(host, port, *_kind, **_options):
    """Stand in for the resolver: `rebind` is told in turn, any other name is what it is called."""
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        address = ANSWERS[_told.pop(0) if host == "rebind" else host]
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


def connect(_self, address):
    """Stand in for the system's call: nothing leaves."""
    _connected.append(address[0])


def attempt(how, host, *told):
    """Return the addresses that were connected to, or "refused"."""
    _told[:] = told
    _connected.clear()
    try:
        how(host)
    except OSError as error:
        assert error.errno == errno.EACCES, error
        return "refused"
    return _connected[:]


def by_library(host):
    """Connect as HTTP and mail libraries do: they resolve the name themselves."""
    socket.create_connection((host, 80))


def by_name(host):
    """Give the name to the socket."""
    socket.socket(socket.AF_INET).connect((host, 80))


def main():
    """Print what came of each attempt."""
    from odoo.tools import config

    config.parse_config(["--no-database-list"])
    socket.getaddrinfo, socket.socket.connect = resolve, connect
    from saas_gateway import outgoing

    outgoing.install()
    for how in (by_library, by_name):
        for host, told in (
            ("outside", ()),
            ("inside", ()),
            ("metadata", ()),
            ("rebind", ("outside", "inside")),
            ("rebind", ("inside", "outside")),
        ):
            sys.stdout.write(f"{how.__name__} {host} {','.join(told)}: {attempt(how, host, *told)}\n")


if __name__ == "__main__":
    main()
