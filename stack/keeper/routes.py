"""Traefik's file of a dedicated runtime: its hosts lead to it, all others to the shared one as before."""

import time

from stack import traefik
from stack.paths import write_atomically

PREFIX = "runtime-"
# Above the catch-all of the shared runtime, below the manager.
PRIORITY = 100


def file(folder, code):
    return folder / "routes" / f"{PREFIX}{code}.yml"


def write(folder, code, hosts, slot, service_host, limits):
    """Make Traefik lead these hosts to a runtime, and no others. Written only if something has changed.

    :param Path folder: Traefik's
    :param hosts: checked names
    :param Limits limits: what one address may do, as for all tenants
    """
    path = file(folder, code)
    if not hosts:
        path.unlink(missing_ok=True)
        return
    rule = " || ".join(f"Host(`{host}`)" for host in sorted(hosts))
    ports = (slot.http_port, slot.gevent_port)
    text = traefik.routes(f"{PREFIX}{code}", f"({rule})", PRIORITY, *ports, service_host, limits)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        # Traefik is another user in an installation. There is no secret in it.
        write_atomically(path, text, mode=0o644)


def remove_others(folder, codes):
    """Remove the files of runtimes that are not there any more."""
    for path in (folder / "routes").glob(f"{PREFIX}*.yml"):
        if path.stem.removeprefix(PREFIX) not in codes:
            path.unlink(missing_ok=True)


def alive(hosts, now=None):
    """Return the hosts whose time has not come.

    :param dict hosts: host -> until when, in seconds since 1970, or None
    """
    now = time.time() if now is None else now
    return {host for host, until in hosts.items() if until is None or until > now}
