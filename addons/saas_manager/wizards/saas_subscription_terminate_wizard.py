from datetime import timedelta

from odoo import api, fields, models


class SaasSubscriptionTerminateWizard(models.TransientModel):
    """End a contract against its calendar: what will happen, when, and a number to type."""

    _name = "saas.subscription.terminate.wizard"
    _description = "Terminate a Subscription"

    subscription_id = fields.Many2one("saas.subscription", required=True, readonly=True)
    number = fields.Char(related="subscription_id.name", string="Number")
    instance_ids = fields.One2many(related="subscription_id.instance_ids")
    deletion_date = fields.Date(compute="_compute_deletion_date", help="When it can't be undone any more.")
    is_refunded = fields.Boolean(
        "Credit the Days Left", default=True, help="Make a credit note for the days that were invoiced and not used."
    )
    reason = fields.Char(help="For the record; the customer does not read it.")
    confirmation = fields.Char("Type the number to confirm")

    @api.depends("subscription_id")
    def _compute_deletion_date(self):
        grace = timedelta(days=self.env["saas.instance"]._get_grace_days())
        for wizard in self:
            wizard.deletion_date = wizard.subscription_id and wizard.subscription_id._today() + grace

    def action_confirm(self):
        """Terminate the subscription, if the typed number is right."""
        self.ensure_one()
        self.subscription_id.action_terminate(self.confirmation or "", self.reason, refund=self.is_refunded)
        return {"type": "ir.actions.act_window_close"}
