import time

from odoo import models

from ..saas_engine.errors import EngineError
from .saas_instance_suspension import PUBLISHED_STATES


class SaasServerRoutes(models.Model):
    """What the proxy should know of services of tenants' own, for the comparison of records and server."""

    _inherit = "saas.server"

    def _get_routes(self):
        """Override of `_get_routes` to compare the addresses of services of one's own."""
        recorded, real = super()._get_routes()
        own = self.runtime_ids.filtered(lambda each: each.kind == "dedicated" and each.state not in (False, "removed"))
        if not own or not own._has_keeper():
            return recorded, real
        for runtime in own:
            instances = runtime.instance_ids.filtered(lambda instance: instance.state in PUBLISHED_STATES)
            if not instances._get_busy():
                recorded[runtime.code] = {host for instance in instances for host in instance._get_routed_hosts()}
                real[runtime.code] = runtime._get_kept_hosts()
        return recorded, real


class SaasInstanceRoutes(models.Model):
    _inherit = "saas.instance"

    def _get_routed_hosts(self):
        """Return the hosts that lead to this instance: its own, and those that it has left."""
        return [self._get_host(), *(self._get_host(name) for name in self._prepare_redirects(self.subdomain))]


class SaasRuntimeRoutes(models.Model):
    _inherit = "saas.runtime"

    def _get_kept_hosts(self):
        """Return the hosts that the keeper leads to this service now."""
        try:
            hosts = self._get_driver().wanted(self.code).hosts
        except EngineError:  # it is not there at all: nothing leads to it
            return set()
        return {host for host, until in hosts.items() if until is None or until > time.time()}
