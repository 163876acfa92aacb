from odoo import api, fields, models
from odoo.exceptions import UserError

from .saas_subscription import ENDED_STATES, LIVE_STATES


class SaasSubscriptionByHand(models.Model):
    """What a person decides against the calendar: to suspend a contract, or to terminate it."""

    _inherit = "saas.subscription"

    is_suspended_by_hand = fields.Boolean(
        "Suspended by a Person", readonly=True, copy=False, help="No payment brings it back, only the button Resume."
    )
    suspension_reason = fields.Char("Visitors Read", readonly=True, copy=False)
    end_cause = fields.Selection(selection_add=[("company", "Terminated by Us")], ondelete={"company": "set null"})

    can_come_back = fields.Boolean(
        compute="_compute_can_come_back", help="It is off or over, and what it pays for is not deleted yet."
    )

    @api.depends("state", "next_period_start", "instance_ids.state")
    def _compute_can_come_back(self):
        for subscription in self:
            is_off = subscription.state in ("suspended", *ENDED_STATES) and subscription.next_period_start
            subscription.can_come_back = is_off and not subscription._has_lost_resources()

    def action_open_suspend_wizard(self):
        """Say what a suspension means, and ask what visitors shall read meanwhile."""
        return self._get_wizard_action("saas.subscription.suspend.wizard", self.env._("Suspend the Subscription"))

    def action_terminate(self, confirmation=None, reason=None, refund=True):
        """End a contract at once, on the company's own decision. It can be undone until the resources are deleted.

        :param str confirmation: the subscription's number, typed by whoever asks for it
        :param str reason: why
        :param bool refund: give back what was paid for the days that are left
        :return: without a confirmation the wizard that asks for it, else True
        :raise UserError: when the confirmation is not the number, or the contract does not run
        """
        self.ensure_one()
        if self.state not in LIVE_STATES:
            raise UserError(self._transition_error_message("cancelled"))
        if confirmation is None:
            name = self.env._("Terminate the Subscription")
            return self._get_wizard_action("saas.subscription.terminate.wizard", name)
        if confirmation.strip().upper() != self.name.upper():
            raise UserError(self.env._('Type the number, "%(number)s", to confirm.', number=self.name))
        self._write_protected({"cancel_reason": reason or False})
        self._end("cancelled", "company", refund=refund)
        return True

    def action_view_unpaid_invoice(self):
        """Open the invoice that was due first and is not paid, to register the payment or to write to the customer."""
        self.ensure_one()
        move = self._get_unpaid_moves()[:1]
        if not move:
            raise UserError(self.env._('All invoices of "%(name)s" are paid.', name=self.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": move.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _is_held_by_payment(self):
        """Override of `_is_held_by_payment`: an invoice that is late meanwhile does not make it a matter of payment."""
        if self.state == "suspended" and self.is_suspended_by_hand:
            return False
        return super()._is_held_by_payment()
