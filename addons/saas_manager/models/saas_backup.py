from odoo import fields, models


class SaasBackup(models.Model):
    """A dump in Odoo's own zip format, kept outside the database."""

    _name = "saas.backup"
    _description = "Backup"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    instance_id = fields.Many2one("saas.instance", required=True, index=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(related="instance_id.company_id", store=True)
    kind = fields.Selection([("final", "Final")], required=True, default="final", readonly=True)
    path = fields.Char(required=True, readonly=True, groups="saas_manager.group_administrator")
    size = fields.Integer("Size (bytes)", readonly=True, aggregator="sum")
    sha256 = fields.Char("SHA-256", readonly=True)
