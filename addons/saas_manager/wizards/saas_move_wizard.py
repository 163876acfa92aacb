from odoo import fields, models


class SaasMoveWizard(models.TransientModel):
    _name = "saas.move.wizard"
    _description = "Move an Instance to Another Service"

    instance_id = fields.Many2one("saas.instance", required=True, readonly=True)
    kind = fields.Selection(
        [("dedicated", "A service of its own"), ("shared", "The shared service")], "Moves To", readonly=True
    )
    url = fields.Char("Address", related="instance_id.url")
    plan_id = fields.Many2one(related="instance_id.plan_id")
    dedicated_workers = fields.Integer(related="plan_id.dedicated_workers")
    dedicated_memory_mb = fields.Integer(related="plan_id.dedicated_memory_mb")

    def action_confirm(self):
        """Queue the move."""
        self.ensure_one()
        self.instance_id.action_move(self.kind)
        return {"type": "ir.actions.act_window_close"}
