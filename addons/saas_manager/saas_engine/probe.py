"""One look at a tenant: its page as a visitor sees it, its certificate, its scheduled actions. Nothing is changed."""

import contextlib
import http.client
import socket
import ssl
import time
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import psycopg2
from cryptography import x509

from .bounded import cut_after
from .errors import EngineError
from .health import FailingCron, Seen
from .web import LOGIN_FORM

CONNECT_SECONDS, HANDSHAKE_SECONDS, QUERY_SECONDS = 3, 5, 5
LOGIN_PATH, MAX_BYTES, MAX_REDIRECTS = "/web/login", 500_000, 3
# The access log and whoever reads it shall know who that was.
AGENT = "SaaS-Manager-Health"
SECONDS_OF_A_DAY = 86400

# As the tenant's own role: a view that the tenant puts in place of the table answers the tenant alone. What comes back
# is short and few, whatever the tenant has written there.
FAILING_CRONS = """
    SELECT left(cron_name::text, 100), failure_count::int FROM ir_cron WHERE active AND failure_count > 0
    ORDER BY failure_count DESC, id LIMIT 20
"""


def look(door, host, tls_address, seconds, connect):
    """Look at a tenant from outside and from inside.

    :param str door: where the proxy or the service listens, as in `web.get`
    :param str host: of the tenant, with its public port if it has one
    :param tls_address: (host, port) of where browsers' TLS ends; None where nothing is encrypted
    :param float seconds: how long the page may take
    :param connect: gives a context with a connection to the tenant's database, as its role
    :return: `health.Seen`
    """
    return Seen(**look_at_page(door, host, seconds), **look_at_certificate(tls_address, host), **look_inside(connect))


def look_at_page(door, host, seconds):
    """Ask for the login page and measure the time to its last byte.

    :return: the fields of `Seen` that begin with `page`, and `seconds`
    """
    started = time.monotonic()
    try:
        status, body = _follow(door, host, started + seconds)
    except TimeoutError as error:
        return {"page": "page_timeout", "page_detail": str(error)}
    except (OSError, http.client.HTTPException) as error:
        return {"page": "page_unreachable", "page_detail": f"{type(error).__name__}: {error}"}
    took = time.monotonic() - started
    if status >= http.client.BAD_REQUEST:
        return {"page": "page_status", "page_detail": f"HTTP {status}", "seconds": took}
    has_form = status != http.client.OK or all(part in body for part in LOGIN_FORM)
    return {"page": "" if has_form else "page_form", "seconds": took}


def _follow(door, host, end):
    """Get the login page, through redirects within the site; one that leads away is an answer as well."""
    path, visited = LOGIN_PATH, 0
    while True:
        status, location, body = _get(door, host, path, max(end - time.monotonic(), 0.1))
        target = urlsplit(urljoin(f"//{host}{path}", location or ""))
        if location is None or target.netloc.lower() != host.lower() or visited == MAX_REDIRECTS:
            return status, body
        path, visited = target._replace(scheme="", netloc="", fragment="").geturl(), visited + 1


def _get(door, host, path, seconds):
    parts = urlsplit(door)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with contextlib.closing(kind(parts.hostname, parts.port, timeout=min(CONNECT_SECONDS, seconds))) as connection:
        connection.connect()
        with cut_after(connection.sock, seconds):
            connection.request("GET", path, headers={"Host": host, "User-Agent": AGENT})
            response = connection.getresponse()
            is_redirect = http.client.MULTIPLE_CHOICES <= response.status < http.client.BAD_REQUEST
            return response.status, response.getheader("Location") if is_redirect else None, response.read(MAX_BYTES)


def look_at_certificate(address, host):
    """Shake hands as a browser does, with the tenant's name, and read the certificate that is shown.

    Who has signed it is not checked: companies have authorities of their own.

    :return: the fields of `Seen` that begin with `certificate`
    """
    if address is None:
        return {}
    name = host.partition(":")[0]
    try:
        certificate = x509.load_der_x509_certificate(_shake_hands(address, name))
    except (OSError, ValueError) as error:
        where = f"{address[0]}:{address[1]}"
        return {"certificate": "tls_unreachable", "certificate_detail": f"{where}: {type(error).__name__}: {error}"}
    until = certificate.not_valid_after_utc
    seconds_left = (until - datetime.now(UTC)).total_seconds()
    left = {"certificate_until": until, "certificate_days": seconds_left / SECONDS_OF_A_DAY}
    names = _names(certificate)
    if any(_covers(pattern, name) for pattern in names):
        return left
    return {"certificate": "certificate_name", "certificate_detail": ", ".join(names[:3]) or "-", **left}


def _shake_hands(address, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address, CONNECT_SECONDS) as plain, cut_after(plain, HANDSHAKE_SECONDS):
        # The handshake works on a copy, so that the cut reaches the connection under it.
        with context.wrap_socket(plain.dup(), server_hostname=name) as secure:
            return secure.getpeercert(binary_form=True) or b""


def _names(certificate):
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def _covers(pattern, name):
    """Tell whether a certificate's name is one of a host; a star stands for exactly one label."""
    pattern, name = pattern.lower(), name.lower()
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name


def look_inside(connect):
    """Ask the tenant's database for the scheduled actions that fail.

    :return: the fields `database` and `crons` of `Seen`
    """
    try:
        with connect() as connection, connection.cursor() as cr:
            cr.execute("SELECT set_config('statement_timeout', %s, false)", [f"{QUERY_SECONDS}s"])
            cr.execute(FAILING_CRONS)
            return {"crons": tuple(FailingCron(str(name), failures) for name, failures in cr.fetchall())}
    except (EngineError, psycopg2.Error) as error:
        return {"database": str(error)}
