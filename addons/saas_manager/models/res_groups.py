from odoo import api, models

from ..compat import ODOO_19


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.model
    def _saas_manager_set_category(self, group_ids, name, category_id):
        """File groups under a category: directly in 18.0, through a privilege from 19.0 on."""
        groups = self.browse(group_ids)
        if ODOO_19:
            privilege = groups.privilege_id or self.env["res.groups.privilege"].create({"name": name})
            privilege.category_id = category_id
            groups.privilege_id = privilege
        else:
            groups.category_id = category_id

    def _saas_manager_get_users(self):
        """Return the internal users of a group, through implied groups too."""
        self.ensure_one()
        users = self.all_user_ids if ODOO_19 else self.users
        return users.filtered(lambda user: user.active and not user.share)
