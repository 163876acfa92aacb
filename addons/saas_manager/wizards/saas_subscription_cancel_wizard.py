from odoo import api, fields, models


class SaasSubscriptionCancelWizard(models.TransientModel):
    _name = "saas.subscription.cancel.wizard"
    _description = "Cancel a Subscription"

    subscription_id = fields.Many2one("saas.subscription", required=True, readonly=True)
    when = fields.Selection([("end", "When the paid period is over"), ("now", "Now")], required=True, default="end")
    reason = fields.Char(help="In the customer's words.")
    is_refunded = fields.Boolean(
        "Credit the Days Left", default=True, help="Make a credit note for the days that were invoiced and not used."
    )
    end_date = fields.Date("Ends On", compute="_compute_end_date")

    @api.depends("subscription_id")
    def _compute_end_date(self):
        for wizard in self:
            wizard.end_date = wizard.subscription_id._get_last_paid_end()

    def action_confirm(self):
        """Cancel the subscription."""
        self.ensure_one()
        if self.when == "now":
            self.subscription_id.action_cancel_now(self.reason, refund=self.is_refunded)
        else:
            self.subscription_id.action_cancel_at_end(self.reason)
        return {"type": "ir.actions.act_window_close"}
