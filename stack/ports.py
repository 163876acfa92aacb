"""Which ports this run uses: the usual ones, or the next free ones, and the same again at the next start."""

import socket

from stack.errors import StackError

USUAL = {
    "public": 8080,
    "manager": 8168,
    "manager_gevent": 8178,
    "tenant": 8169,
    "tenant_gevent": 8179,
    "postgres": 5442,
    "smtp": 8025,
    "mail": 8026,
}
ATTEMPTS = 500


def choose(remembered, public_hosts):
    """Choose a port for each name.

    :param dict remembered: the ports of the last start
    :param public_hosts: the addresses that the public port listens on; the others are for 127.0.0.1 alone
    :return: ports by name, and a sentence for each that is not the one expected
    """
    chosen, remarks = {}, []
    for name, usual in USUAL.items():
        expected = remembered.get(name, usual)
        hosts = {"127.0.0.1", *(public_hosts if name == "public" else ())}
        port = next_free(expected, hosts, set(chosen.values()))
        if port != expected:
            remarks.append(f"port {expected} ({name.replace('_', ' ')}) is taken: using {port}")
        chosen[name] = port
    return chosen, remarks


def next_free(port, hosts, used):
    for candidate in range(port, port + ATTEMPTS):
        if candidate not in used and all(is_free(host, candidate) for host in hosts):
            return candidate
    raise StackError(f"No free port between {port} and {port + ATTEMPTS}.")


class Held:
    """Chosen ports, kept from everybody else until the services take them: two starts at once never get the same.

    A context manager; what is still held at its end is given back.
    """

    def __init__(self, chosen):
        self._sockets = {}
        for name, port in chosen.items():
            try:
                self._sockets[name] = socket.create_server(("127.0.0.1", port))
            except OSError as error:
                self.release()
                raise StackError(f"Port {port} ({name}) was taken a moment ago. Start again.") from error

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.release()

    def release(self, *names):
        """Give ports back: these, or all."""
        for name in names or list(self._sockets):
            if name in self._sockets:
                self._sockets.pop(name).close()


def is_free(host, port):
    """Tell whether a server could listen here, as a server would ask for it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Two sockets may be bound to one address with SO_REUSEADDR; only one may listen.
            probe.listen(1)
        except OSError:
            return False
    return True


def has_ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
