from odoo import models

from ..saas_engine import contract

OPEN_PAYMENT_STATES = ("not_paid", "partial")


class SaasSubscriptionPayment(models.Model):
    """What is paid decides what runs. Read from the invoices each time: nothing is counted twice or forgotten."""

    _inherit = "saas.subscription"

    def _get_unpaid_moves(self):
        """Return the posted invoices that are not paid, the one that was due first at the beginning."""
        self.ensure_one()
        moves = self.sudo().move_ids
        unpaid = moves.filtered(
            lambda move: move.move_type == "out_invoice"
            and move.state == "posted"
            and move.payment_state in OPEN_PAYMENT_STATES
        ).with_prefetch(moves._prefetch_ids)  # a list of subscriptions asks for all of them at once
        in_order = unpaid.sorted(lambda move: (move._saas_get_due_date(), move.id))
        return in_order.with_prefetch(moves._prefetch_ids)

    def _get_overdue_moves(self):
        """Return the unpaid invoices whose day of payment has passed."""
        today = self._today()
        return self._get_unpaid_moves().filtered(lambda move: move._saas_get_due_date() < today)

    def _update_from_payments(self):
        """Bring the state in line with the invoices: what is paid comes back at once."""
        for subscription in self:
            subscription._lock_for_transition()
            if subscription._is_held_by_payment():
                subscription._come_back_if_paid()
            subscription._withdraw_reminders()

    def _is_held_by_payment(self):
        """Tell whether a payment may bring this contract back. What a person has suspended, a person resumes."""
        switched_off = self.sudo().step_ids.filtered(lambda step: step.kind == "suspend" and not step.is_undone)
        return contract.is_held_by_payment(self._get_contract(), bool(switched_off))

    def _come_back_if_paid(self):
        overdue = self._get_overdue_moves()
        is_reason_paid = not overdue[:1].saas_step_ids.filtered(lambda step: step.kind == "suspend")
        state = contract.state_after_payment(self._get_contract(), bool(overdue), is_reason_paid)
        if self.state == "past_due" and not state:
            return
        if self._has_lost_resources():
            self._report_problem(self.env._("It was paid after what it paid for had been deleted."))
        elif state:
            self._undo_dunning()
            self._reinstate(state)

    def _on_invoice_withdrawn(self, move):
        """React to an invoice that the accountant has cancelled or set back to draft.

        It is not billed again by itself: the accountant decides. It also stops to count as not paid.

        :param move: the `account.move`
        """
        self.ensure_one()
        labels = dict(move._fields["state"]._description_selection(self.env))
        message = self.env._(
            "Invoice %(number)s is %(state)s now. Nothing is billed in its place, and nobody is reminded of it.",
            number=move.name or move.display_name,
            state=labels[move.state],
        )
        self._log_event("invoiced", message, "warning")
        self._report_problem(message)
        self._run_safely("_update_from_payments")

    def action_bill_again(self):
        """Invoice again the periods whose invoice was cancelled."""
        for subscription in self:
            subscription._lock_for_transition()
            for row in subscription.sudo().period_ids.filtered(lambda row: row.move_id.state == "cancel"):
                row.write({"move_id": subscription._make_invoices(row).id, "amount": subscription.recurring_amount})
        return True
