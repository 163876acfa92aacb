from odoo import fields, models


class SaasSubscriptionSuspendWizard(models.TransientModel):
    """Switch off what a contract pays for, and say what that means before."""

    _name = "saas.subscription.suspend.wizard"
    _description = "Suspend a Subscription"

    subscription_id = fields.Many2one("saas.subscription", required=True, readonly=True)
    instance_ids = fields.One2many(related="subscription_id.instance_ids")
    next_period_start = fields.Date(related="subscription_id.next_period_start")
    reason = fields.Char(
        "What visitors read",
        required=True,
        default=lambda self: self.env["saas.instance"]._get_default_suspension_reason(),
    )

    def action_confirm(self):
        """Suspend the subscription."""
        self.ensure_one()
        self.subscription_id.action_suspend(self.reason)
        return {"type": "ir.actions.act_window_close"}
