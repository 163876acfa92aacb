from odoo import api, fields, models, tools

from ..compat import Constraint


class SaasPlanOwnCode(models.Model):
    """Whether a plan allows code of the customer's own, and what the service gets that runs it.

    Roles isolate data, not the process: in the shared service tenants write no code.
    """

    _inherit = "saas.plan"

    own_code = fields.Boolean(
        help="Instances of this plan run in a service of their own, where the customer may write code: server actions,"
        " computed fields, views and mail templates with expressions. It costs the memory of a service per instance."
    )
    dedicated_workers = fields.Integer(
        "Workers of Its Service", default=2, help="Processes that answer requests. Two more run actions and live chat."
    )
    dedicated_memory_mb = fields.Integer(
        "Memory of Its Service (MB)", default=2048, help="All processes of the service together."
    )

    _dedicated_sensible = Constraint(
        "CHECK (dedicated_workers BETWEEN 1 AND 32 AND dedicated_memory_mb BETWEEN 512 AND 1048576)",
        "A service has 1 to 32 workers, and 512 MB of memory at least.",
    )

    @api.model
    @tools.ormcache()
    def _get_own_code_ids(self):
        """Return the plans that allow it. They are named in the limits of each instance, so nobody looks each time."""
        return tuple(self.sudo().search([("own_code", "=", True)]).ids)

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` to look anew which plans allow own code."""
        self.env.registry.clear_cache()
        return super().create(values_list)

    def unlink(self):
        """Override of `unlink` for the same."""
        self.env.registry.clear_cache()
        return super().unlink()

    def write(self, values):
        """Override of `write` to notice instances whose plan pays for a service of their own no longer."""
        result = super().write(values)
        if {"own_code", "active", "sequence"} & values.keys():
            self.env.registry.clear_cache()
        if "own_code" in values:
            self.sudo().instance_ids._report_lost_own_code()
        return result

    def _prepare_limits(self):
        """Override of `_prepare_limits` to publish whether code of one's own is allowed."""
        return {**super()._prepare_limits(), "own_code": self.own_code}
