from odoo import fields, models
from odoo.exceptions import UserError

from ..saas_engine import periods
from .saas_subscription_payment import OPEN_PAYMENT_STATES

# While these last, periods follow each other. What is suspended is not used, and is not billed.
BILLED_STATES = ("trial", "active", "past_due")


class SaasSubscriptionBilling(models.Model):
    """From a day on the calendar to a billed period.

    An addon adds an engine with `selection_add` on `billing_engine` and a method `_bill_<engine>(period)`.
    """

    _inherit = "saas.subscription"

    next_invoice_date = fields.Date("Next Invoice", compute="_compute_next_invoice_date")

    def _compute_next_invoice_date(self):
        for subscription in self:
            subscription.next_invoice_date = subscription._get_next_invoice_date()

    def _get_next_invoice_date(self):
        """Return the day on which the next period is billed, or False when none will be."""
        start = self.next_period_start
        goes_on = self.state in BILLED_STATES and self.auto_renew
        if not start or not goes_on or self.cancel_on and self.cancel_on <= start:
            return False
        return fields.Date.subtract(start, days=self._get_lead_days())

    def _get_lead_days(self):
        """Return how many days before it begins a period is billed.

        A trial is not billed before it is over, and a change of plan not before it happens.
        """
        if self.billing_engine != "manual" or self.state == "trial" or self.pending_plan_id:
            return 0
        return self.env["saas.settings"]._get("saas.renew_days")

    def _bill_due(self, always=0):
        """Bill all periods that are due by today, the oldest first, each once.

        :param int always: how many are billed in any case, even if the contract doesn't renew itself
        :return: the new `saas.subscription.period`
        """
        self.ensure_one()
        # Whoever comes second waits here, and then finds `next_period_start` further on.
        self._lock_for_transition()
        self.invalidate_recordset(["next_period_start", "anchor", "cancel_on", "pending_plan_id"])
        self._apply_pending_change()
        billed = self.env["saas.subscription.period"]
        for period in self._get_due_periods(always):
            billed += self._bill_period(period)
        return billed

    def _get_due_periods(self, always=0):
        if self.state not in BILLED_STATES or not self.next_period_start:
            return []
        today, start, first = self._today(), self.next_period_start, []
        for _number in range(always):
            first.append(periods.period(start, self.interval, self.anchor))
            start = first[-1].end
        if not self.auto_renew:
            return first
        lead_days = self._get_lead_days()
        return first + periods.due(start, self.interval, self.anchor, today, lead_days, self.cancel_on or None)

    def _bill_period(self, period):
        """Write a period down and have the engine bill it.

        :param period: `periods.Period`
        :return: the `saas.subscription.period`
        """
        row = self._write_period(period)
        engine = f"_bill_{self.billing_engine}"
        getattr(self, engine)(row)
        for line in self.sudo().line_ids.filtered(lambda line: line.discount_periods and line._has_discount()):
            line.discounts_given += 1
        self._write_protected({"next_period_start": period.end})
        if self.state == "trial":
            self._transition("active")
            self._log_event("started", self.env._("The trial is over: the first paid period begins."))
            self._mail_customer("started")
        return row

    def _write_period(self, period):
        """Return the row of a period: a new one, or that of a period which was given back as a whole."""
        Period = self.env["saas.subscription.period"].sudo()
        values = {
            "end": period.end,
            "amount": self.recurring_amount,
            "currency_id": self.currency_id.id,
            "billing_engine": self.billing_engine,
            "is_void": False,
        }
        void = self.sudo().period_ids.filtered(lambda row: row.is_void and row.start == period.start)
        if void:
            void.write({**values, "move_id": False})
            return void
        # UNIQUE (subscription_id, start) is the last guard: a second worker fails here, and nothing is billed twice.
        return Period.create({"subscription_id": self.id, "start": period.start, **values})

    # === ENGINES === #

    def _bill_manual(self, row):
        """Bill a period by an invoice of this Odoo.

        :param row: the `saas.subscription.period`
        """
        row.move_id = self._make_invoice(row)
        if row.move_id.payment_state in OPEN_PAYMENT_STATES:
            self._queue_mail("saas_manager.mail_template_invoice")
        self._log_event("invoiced", self.env._("Invoice %(number)s was made.", number=row.move_id.name))

    def _bill_free(self, row):
        """Bill nothing: the period is on record, and costs nothing."""
        row.amount = 0

    def _bill_external(self, row):
        """Bill nothing here: the partner invoices elsewhere. The amount is on record."""

    def action_mark_past_due(self):
        """Say that a contract which is invoiced elsewhere is not paid."""
        for subscription in self._check_is_external():
            subscription._check_can_become("past_due", ("active",))
            subscription._transition("past_due")
            subscription._log_event("past_due", self.env._("Marked as not paid."), "warning")
        return True

    def action_mark_paid(self):
        """Say that a contract which is invoiced elsewhere is paid."""
        for subscription in self._check_is_external():
            subscription._check_can_become("active", ("past_due",))
            subscription._reinstate("active")
        return True

    def _check_is_external(self):
        for subscription in self:
            if subscription.billing_engine != "external":
                raise UserError(
                    self.env._(
                        '"%(name)s" follows its invoices: register the payment there.', name=subscription.display_name
                    )
                )
        return self
