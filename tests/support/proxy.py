"""Traefik in front of a tenant service of the tests, with the demo's own configuration."""

import contextlib
import socket
import subprocess
import time

from stack import traefik

from . import postgres


def program():
    """Return the newest Traefik that `make demo` has fetched, or None."""
    found = sorted(postgres.CACHE.glob("venv-tools-*/bin/traefik"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


@contextlib.contextmanager
def run(folder, service):
    """Run it; give its public port.

    :param Path folder: for its files
    :param Stack service: the tests' tenant service, which stands in for the manager's as well
    """
    public = postgres.free_port()
    ports = {"public": public, "manager": service.port, "manager_gevent": service.gevent_port}
    ports |= {"tenant": service.port, "tenant_gevent": service.gevent_port}
    traefik.write(folder, ports, ["127.0.0.1"], "example.com")
    with open(folder / "traefik.log", "wb") as log:
        process = subprocess.Popen(traefik.command(str(program()), folder), stdout=log, stderr=log)
    try:
        _wait(public, process)
        yield public
    finally:
        process.terminate()
        process.wait(15)


def _wait(port, process):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("Traefik did not start")
