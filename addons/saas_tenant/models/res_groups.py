from odoo import api, models

from .. import user_limit


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `create` to hold the plan's number of internal users: a group may come with its users."""
        with user_limit.held(self.env):
            return super().create(vals_list)

    def write(self, vals):
        """Override of `write` to hold the same: users join a group, or a group begins to imply another one."""
        with user_limit.held(self.env):
            return super().write(vals)
