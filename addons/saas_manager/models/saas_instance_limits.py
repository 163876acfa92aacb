from odoo import models

from .saas_instance_suspension import PUBLISHED_STATES


class SaasInstanceLimits(models.Model):
    """An instance that changes its plan changes its limits."""

    _inherit = "saas.instance"

    def write(self, values):
        """Override of `write` to publish the limits of an instance's new plan."""
        result = super().write(values)
        if "plan_id" in values:
            self.filtered(lambda instance: instance.state in PUBLISHED_STATES).plan_id.sudo()._publish_limits()
        return result
