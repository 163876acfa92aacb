from odoo import fields, models


class SaasSuspendWizard(models.TransientModel):
    _name = "saas.suspend.wizard"
    _description = "Suspend Instances"

    instance_ids = fields.Many2many("saas.instance", required=True, readonly=True)
    reason = fields.Char(
        "What visitors read",
        required=True,
        default=lambda self: self.env["saas.instance"]._get_default_suspension_reason(),
    )

    def action_confirm(self):
        """Suspend the instances, for the reason given."""
        self.instance_ids.action_suspend(self.reason)
        return {"type": "ir.actions.act_window_close"}
