from odoo import fields, models


class SaasTemplate(models.Model):
    _inherit = "saas.template"

    vertical = fields.Selection(
        selection_add=[("workshop", "Workshop")],
        # Templates of this vertical outlive the addon: their databases are in use.
        ondelete={"workshop": "set default"},
    )
