"""/jsonrpc and /xmlrpc name their database themselves, whatever the host and `dbfilter` say.

In the manager service that would load a tenant's registry under the manager's role, so only the service's own
database (`db_name`) is served. Odoo offers no hook for this: one function is wrapped.
"""

import sys

from odoo import http
from odoo.exceptions import AccessDenied
from odoo.tools import config

WITHOUT_DATABASE = {("common", "version"), ("common", "about"), ("db", "server_version"), ("db", "list_lang")}
NAMES_DATABASE = {"common": {"login", "authenticate"}, "object": {"execute", "execute_kw"}}


def own_databases():
    """Return the names in `db_name`: text in 18.0, a list in 19.0. Empty means: no restriction configured."""
    names = config["db_name"] or []
    return names.split(",") if isinstance(names, str) else list(names)


def is_allowed(service, method, params):
    """Tell whether an RPC call stays inside the service's own database."""
    if (service, method) in WITHOUT_DATABASE:
        return True
    own = own_databases()
    if not own:
        return True
    return method in NAMES_DATABASE.get(service, ()) and bool(params) and params[0] in own


def install():
    """Wrap `odoo.http.dispatch_rpc`, once, wherever it was imported by name."""
    unguarded = http.dispatch_rpc
    if getattr(unguarded, "is_saas_guard", False):
        return

    def dispatch_rpc(service_name, method, params):
        if not is_allowed(service_name, method, params):
            raise AccessDenied()
        return unguarded(service_name, method, params)

    dispatch_rpc.is_saas_guard = True
    for module in list(sys.modules.values()):
        if getattr(module, "dispatch_rpc", None) is unguarded:
            module.dispatch_rpc = dispatch_rpc
