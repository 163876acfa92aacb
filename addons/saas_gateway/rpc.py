"""/jsonrpc and /xmlrpc name their database themselves, whatever the host: only the host's own is served.

A neighbour's database and one that does not exist are refused alike, before either is looked at.
"""

import odoo.http
from odoo.exceptions import AccessDenied

from . import wrapping

HARMLESS = {("common", "version"), ("common", "about"), ("db", "server_version"), ("db", "list_lang")}
NAMED = {"common": {"login", "authenticate"}, "object": {"execute", "execute_kw"}}


def _build(dispatch_rpc):
    def dispatch_own_rpc(service_name, method, params):
        if (service_name, method) not in HARMLESS:
            known = method in NAMED.get(service_name, ()) and params and isinstance(params[0], str)
            if not known or not odoo.http.db_filter([params[0]]):
                raise AccessDenied()
        return dispatch_rpc(service_name, method, params)

    return dispatch_own_rpc


def install():
    """Wrap the one function through which both protocols pass."""
    wrapping.replace(odoo.http, "dispatch_rpc", _build)
