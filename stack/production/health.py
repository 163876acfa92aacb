"""Whether a service answers: `python -m stack.production.health <port>`. Any answer below 500 will do."""

import http.client
import sys


def main(port):
    """Return the exit code: 0 when it answers. The host is one that no tenant has."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
    try:
        connection.request("GET", "/web/health", headers={"Host": "health.invalid"})
        return 0 if connection.getresponse().status < 500 else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
