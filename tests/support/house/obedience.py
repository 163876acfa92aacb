"""How soon all processes of a service obey: a new host, a suspension, a resumption; the one with the websockets too."""

import dataclasses
import threading
import time

from ..gateway_client import Client
from ..gateway_service import DOMAIN

WINDOW = 2  # seconds in which every process is asked all the time
ASKING = 4  # for pages at once, so that every worker is asked
PAUSE = 0.05  # between two handshakes: a tenant that opens more a second is refused
CLOSED = (404, 503)  # what a handshake at a host is answered with that is not served


@dataclasses.dataclass
class Obedience:
    """Seconds from the manager's word until the last process obeyed, open websockets included."""

    new_host: float
    suspension: float
    resumption: float


def measure(tenant, number):
    """Give a tenant another host, suspend and resume it, with a websocket open at either host.

    :param int number: of this measurement; the host is new
    :return: an Obedience
    """
    host = f"new{number}-{tenant.db}.{DOMAIN}"
    visitor = Client(tenant.client.port, tenant.client.gevent_port, host, tenant.db)
    new_host = _until_last(visitor, 200, lambda: _add_host(tenant, host))
    ended = [_watch(_websocket(client)) for client in (tenant.client, visitor)]
    start = time.monotonic()
    suspension = _until_last(tenant.client, 503, lambda: tenant.set_state("suspended", "Off"))
    suspension = max(suspension, *(end() - start for end in ended))
    resumption = _until_last(visitor, 200, lambda: tenant.set_state("active"))
    return Obedience(new_host, suspension, resumption)


def _add_host(tenant, host):
    directory = tenant.stack.directory
    entry = directory.entry(tenant.key)
    directory.publish(dataclasses.replace(entry, hosts=(*entry.hosts, host)))


def _websocket(client):
    try:
        return client.login().websocket()
    finally:
        client.cookie = None


def _watch(connection):
    """Return a function that waits until the service has closed a websocket, and returns when that was."""
    ended = []

    def wait():
        connection.settimeout(WINDOW * 2)
        opcode, _data = connection.recv_data(control_frame=True)
        ended.append((opcode, time.monotonic()))

    thread = threading.Thread(target=wait)
    thread.start()

    def end():
        thread.join()
        [(opcode, at)] = ended
        assert opcode == 8, f"websocket frame {opcode} in place of a goodbye"
        return at

    return end


def _until_last(client, status, act):
    """Do something while all processes are asked all the time.

    :return: seconds from its beginning until the last wrong answer was asked for; 0 if there was none
    """
    start = time.monotonic()
    asked, threads = [], []

    def ask(is_right):
        while (at := time.monotonic() - start) < WINDOW:
            asked.append((at, is_right()))

    for is_right in [lambda: client.status() == status] * ASKING + [lambda: _is_socket_right(client, status)]:
        threads.append(threading.Thread(target=ask, args=(is_right,)))
        threads[-1].start()
    act()
    for thread in threads:
        thread.join()
    assert len(asked) > ASKING and max(asked)[1], "the last answer was wrong"
    return max((at for at, right in asked if not right), default=0.0)


def _is_socket_right(client, status):
    """Tell whether the process with the websockets answers a handshake (without its headers) as it should."""
    time.sleep(PAUSE)
    answer = client.status("/websocket", port=client.gevent_port)
    return answer == status if status in CLOSED else answer not in CLOSED
