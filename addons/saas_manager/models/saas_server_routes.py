import time

from odoo import models

from ..saas_engine.errors import EngineError


class SaasServerRoutes(models.Model):
    """What the proxy is told of services of tenants' own, for the comparison of records and server."""

    _inherit = "saas.server"

    def _get_routes(self):
        """Override of `_get_routes` to compare the addresses of services of one's own."""
        routes = super()._get_routes()
        own = self.runtime_ids.filtered(lambda each: each.kind == "dedicated" and each.state not in (False, "removed"))
        if own and own._has_keeper():
            routes |= {runtime.code: runtime._get_kept_hosts() for runtime in own}
        return routes


class SaasRuntimeRoutes(models.Model):
    _inherit = "saas.runtime"

    def _get_kept_hosts(self):
        """Return the hosts that the keeper leads to this service now."""
        try:
            return self._get_driver().wanted(self.code).alive_hosts(time.time())
        except EngineError:  # it is not there at all: nothing leads to it
            return set()
