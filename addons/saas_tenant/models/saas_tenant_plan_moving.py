from odoo import api, models
from odoo.exceptions import AccessError


class SaasTenantPlanMoving(models.AbstractModel):
    """What the manager asks before it moves this database to a service that many share."""

    _inherit = "saas.tenant.plan"

    @api.model
    def get_own_code(self):
        """Return what a shared service would refuse.

        :return: list of dicts with `model`, `id`, `name`, `what`
        :raise AccessError: for people who are no administrators
        """
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only administrators of this site can see its code."))
        return self._get_own_code()
