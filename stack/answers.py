"""Waiting until what was started answers."""

import http.client
import time

from stack.errors import StackError

SECONDS = 180


def wait(stack, supervisor):
    """Wait until every service answers at the public address, and the mail catcher at its own.

    :raise StackError: names the one that does not, and its log
    """
    public = stack.ports["public"]
    probes = {
        "mail": (stack.ports["mail"], "127.0.0.1", "/", (200,)),
        # After this one Traefik has its routes; before, it answers 404 itself.
        "manager": (public, stack.manager_host, "/web/login", (200,)),
        # No tenant has this name: any answer but the proxy's 502 is the gateway's own.
        "tenant": (public, f"no-such-tenant.{stack.base_domain}", "/web/health", range(200, 500)),
    }
    deadline = time.monotonic() + SECONDS
    for name, (port, host, path, good) in probes.items():
        while _status(port, host, path) not in good:
            if time.monotonic() > deadline:
                raise StackError(_explain(stack, supervisor, name))
            time.sleep(0.1)


def _status(port, host, path):
    """Return the status of an answer, or None where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _explain(stack, supervisor, name):
    log = stack.paths.logs / f"{name}.log"
    state = supervisor.processes()[name]["description"]
    lines = log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []
    return "\n    ".join([f"{name} does not answer ({state}). The end of {log}:", *lines])
