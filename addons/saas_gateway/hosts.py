"""Which host is which database. Unknown hosts end here, and so do suspended tenants, on every route."""

import re

import werkzeug.exceptions

import odoo
import odoo.http
import odoo.service.db
from odoo.exceptions import AccessDenied
from odoo.tools import config

from . import counters, fair_shares, guard, pages, redirects, websocket_limits, wrapping
from .directory import DirectoryUnavailable, directory
from .roles import work_for

HEALTH = "/web/health"  # of this process: answered at hosts that are nobody's, as load balancers ask by IP
TOO_MANY = "/saas/too-many-requests"  # Traefik asks for it when it lets somebody wait, the manager's visitors included
AGE = "X-Saas-Directory-Unread-Seconds"
LANGUAGE = re.compile(r"[a-z]{2,3}([_-][a-z0-9@_-]+)?")
BLANKS = " \t"  # what HTTP allows around a header's value; Python's own idea of white space is wider
UNREAD = 65536  # bytes of a refused request that are read before it is answered


def host_of(environ):
    """Return the one host of this request, and write it back so that Odoo sees the same."""
    host = environ.get("HTTP_HOST", "")
    forwarded = environ.pop("HTTP_X_FORWARDED_HOST", None)
    if forwarded and config["proxy_mode"]:
        host = forwarded.rpartition(",")[2]  # the nearest proxy's; those before it are the client's to forge
        environ["HTTP_X_FORWARDED_HOST"] = host.strip(BLANKS).lower()
    environ["HTTP_HOST"] = host = host.strip(BLANKS).lower()
    return bare(host)


def bare(host):
    """Return a host as the directory writes it: lower case, no port, no trailing dot; "" if it is no host."""
    host = host.strip(BLANKS).lower()
    if ":" not in host:
        return host.removesuffix(".")  # nearly all
    if host.startswith("["):  # IPv6
        return host.partition("]")[0] + "]"
    name, _colon, port = host.partition(":")
    # Odoo fails on a port that is no number; `host:80@another` reads as another host to whoever follows a link.
    return "" if port and not (port.isascii() and port.isdigit()) else name.removesuffix(".")


def is_closed(path):
    """Tell whether a path leads to Odoo's database manager, where no tenant has any business.

    :param str path: decoded by the HTTP server; doubled slashes and a language in front make no difference to Odoo
    """
    path = path.lower()
    if "database" not in path:
        return False  # nearly all
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if parts and parts[0] != "web" and LANGUAGE.fullmatch(parts[0]):
        parts = parts[1:]
    return len(parts) > 1 and parts[0] == "web" and parts[1].startswith("database")


def refusal(tenant, path, database=None):
    """Return the page that ends this request, or None if Odoo may answer it.

    :param str database: the one that the client names in a header (19.0)
    """
    if tenant is None:
        return None if path == HEALTH else pages.UNKNOWN_HOST
    if tenant.state != "active":
        return pages.for_tenant(tenant)
    return pages.NOT_FOUND if is_closed(path) or database not in (None, tenant.db) else None


def _busy_page(tenant):
    """Return the page for a tenant that has its share of this service already, else None."""
    share = websocket_limits if odoo.evented else fair_shares
    return None if share.admits(tenant) else pages.BUSY


def _answer(page, environ, start_response):
    _drain(environ)
    status, headers, body = pages.render(page, environ)
    start_response(status, headers)
    return [body]


def _drain(environ):
    """Read what the client is still sending: one that is cut off while sending does not read the answer."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return
    if 0 < length <= UNREAD:
        environ["wsgi.input"].read(length)


def _build_call(call):
    def __call__(application, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path == TOO_MANY:
            return _answer(pages.TOO_MANY, environ, start_response)
        host = host_of(environ)
        try:
            tenant = directory.tenant_of(host)
            new_host = None if tenant else directory.new_host_of(host)
        except DirectoryUnavailable:
            return _answer(pages.UNAVAILABLE, environ, _telling_age(start_response))
        if new_host:
            return _answer(redirects.page(environ, new_host), environ, start_response)
        page = refusal(tenant, path, environ.get("HTTP_X_ODOO_DATABASE"))
        if page:
            return _answer(page, environ, start_response)
        work_for(tenant)
        if tenant is None:
            start_response = _telling_age(start_response) if path == HEALTH else start_response
            return call(application, environ, start_response)
        page = guard.page_for(tenant.db) or _busy_page(tenant)
        if page:
            return _answer(page, environ, start_response)
        start_response = counters.counting(tenant.db, start_response)
        return fair_shares.serve(tenant, call, application, environ, start_response)

    return __call__


def _telling_age(start_response):
    """Let the health check say for how long the directory could not be read: a figure for whoever watches."""

    def start(status, headers, exc_info=None):
        age = (AGE, f"{directory.seconds_unread():.0f}")
        return start_response(status, [*headers, age], exc_info)

    return start


def _build_serve_nodb(serve_nodb):
    def serve_nodb_to_nobody(request):
        """Odoo falls back to its database selector, and signs people out, when their database is away."""
        environ = request.httprequest.environ
        tenant = directory.tenant_of(bare(environ.get("HTTP_HOST", "")))
        if tenant is None:
            return serve_nodb(request)
        page = pages.UNGUARDED if guard.is_unguarded(tenant.db) else pages.UNAVAILABLE
        status, headers, body = pages.render(page, environ)
        raise werkzeug.exceptions.ServiceUnavailable(
            response=odoo.http.Response(body, status=status, headers=dict(headers))
        )

    return serve_nodb_to_nobody


def _db_filter(dbs, host=None):
    """Stock: a regular expression on the host. Here: the database that the manager published for it."""
    if host is None:
        host = odoo.http.request.httprequest.environ.get("HTTP_HOST", "")
    tenant = directory.tenant_of(bare(host))
    return [tenant.db] if tenant and tenant.state == "active" and tenant.db in dbs else []


def _list_dbs(force=False):
    """Stock: the databases that the login role owns (none). Here: those that the manager published."""
    if not force and not config["list_db"]:
        raise AccessDenied()
    return directory.active_databases()


def install():
    """Wrap the WSGI application and Odoo's two questions about databases."""
    wrapping.replace(odoo.http.Application, "__call__", _build_call)
    wrapping.replace(odoo.http.Request, "_serve_nodb", _build_serve_nodb)
    wrapping.replace(odoo.http, "db_filter", lambda stock: _db_filter)
    wrapping.replace(odoo.service.db, "list_dbs", lambda stock: _list_dbs)
