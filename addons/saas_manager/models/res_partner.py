from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    saas_instance_ids = fields.One2many(
        "saas.instance", "partner_id", string="Instances", groups="saas_manager.group_user"
    )
