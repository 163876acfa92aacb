"""A host that a tenant has left: links and bookmarks lead on for a while, programs are told the new address."""

from urllib.parse import quote

from . import pages

SAFE = "/:@!$&'()*+,;=~-._"


def page(environ, new_host):
    """Return the page that answers a request for the old host.

    What sends something is not led on: browsers would drop it or send it a second time, programs would not notice.

    :param dict environ: the WSGI request
    :param str new_host: the tenant's present host, without a port
    """
    host = new_host + _port(environ)
    if environ.get("REQUEST_METHOD") in ("GET", "HEAD") and not environ.get("HTTP_UPGRADE"):
        # For now only: the name may be somebody else's tomorrow. Without a scheme it stays the visitor's.
        return pages.MOVED._replace(status="302 Found", location=f"//{host}{_path(environ)}", reason=host)
    return pages.MOVED._replace(reason=host)


def _port(environ):
    _host, colon, port = environ.get("HTTP_HOST", "").rpartition(":")
    return colon + port if port.isdigit() else ""


def _path(environ):
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=SAFE)
    query = quote(environ.get("QUERY_STRING", "").encode("latin-1"), safe=f"{SAFE}?%")
    return f"/{path.lstrip('/')}{'?' if query else ''}{query}"
