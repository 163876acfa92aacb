"""Whether a service answers: `python -m stack.production.health <port> [<seconds>]`. Any answer below 500 will do.

With seconds it waits so long for the first answer. Where systemd asks, it gives up as soon as the service has ended.
"""

import http.client
import os
import sys
import time


def main(port, seconds=0):
    """Return the exit code: 0 when it answers.

    :param seconds: how long to wait for that
    """
    deadline = time.monotonic() + float(seconds)
    while not answers(int(port)):
        if time.monotonic() >= deadline or _has_ended(os.environ.get("MAINPID")):
            return 1
        time.sleep(0.5)
    return 0


def answers(port):
    """Tell whether a port of this machine answers. The host is one that no tenant has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/web/health", headers={"Host": "health.invalid"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _has_ended(process):
    """Tell whether the service that systemd names is gone: nobody has to wait for it any more."""
    if not process:
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
