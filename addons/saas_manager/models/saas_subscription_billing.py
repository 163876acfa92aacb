from odoo import fields, models
from odoo.exceptions import UserError

from ..saas_engine import contract
from .saas_subscription_payment import OPEN_PAYMENT_STATES


class SaasSubscriptionBilling(models.Model):
    """From a day on the calendar to billed periods, of many contracts at once: a night has thousands.

    An addon adds an engine with `selection_add` on `billing_engine` and a method `_bill_<engine>(rows)`.
    """

    _inherit = "saas.subscription"

    next_invoice_date = fields.Date("Next Invoice", compute="_compute_next_invoice_date")

    def _compute_next_invoice_date(self):
        for subscription in self:
            subscription.next_invoice_date = subscription._get_next_invoice_date()

    def _get_contract(self):
        """Return what the engine decides from."""
        self.ensure_one()
        return contract.Contract(
            state=self.state,
            interval=self.interval,
            anchor=self.anchor,
            next_start=self.next_period_start or None,
            auto_renew=self.auto_renew,
            cancel_on=self.cancel_on or None,
            is_invoiced=self.billing_engine == "manual",
            is_changing=bool(self.pending_plan_id),
            end_cause=self.end_cause or None,
        )

    def _get_renew_days(self):
        return self.env["saas.settings"]._get("saas.renew_days")

    def _get_next_invoice_date(self):
        """Return the day on which the next period is billed, or False when none will be."""
        return contract.next_bill_day(self._get_contract(), self._get_renew_days()) or False

    def _catch_up(self):
        """Bill what has begun and was missed, before something happens that depends on it.

        Without it, days that were used before an end, a pause or a change after a bad night would never be billed, or
        at the new price.
        """
        self.check_access("write")
        return self._bill_due(lead_days=0)

    def _bill_due(self, always=0, lead_days=None):
        """Bill all periods that are due by today, the oldest first, each once.

        :param int always: how many are billed in any case, even if the contract doesn't renew itself
        :param int lead_days: how many days before it begins a period is billed; None: as the settings say
        :return: the new `saas.subscription.period`
        """
        # Whoever comes second waits here, and then finds `next_period_start` further on.
        self._lock_for_transition()
        self.invalidate_recordset(["next_period_start", "anchor", "cancel_on", "pending_plan_id"])
        for subscription in self:
            subscription._apply_pending_change()
        billed, turn = self.env["saas.subscription.period"], 0
        lead_days = self._get_renew_days() if lead_days is None else lead_days
        # Each turn is the next period of everybody who is behind.
        while due := self._get_due_periods(lead_days, is_forced=turn < always):
            billed += self._bill_periods(due)
            turn += 1
        return billed

    def _get_due_periods(self, lead_days, is_forced=False):
        """Return the oldest period that each of these is to be billed for today: subscription -> `periods.Period`."""
        found = {
            subscription: contract.due_period(
                subscription._get_contract(), subscription._today(), lead_days, is_forced=is_forced
            )
            for subscription in self
        }
        return {subscription: period for subscription, period in found.items() if period}

    def _bill_periods(self, due):
        """Write periods down and have the engines bill them.

        :param dict due: subscription -> `periods.Period`
        :return: the `saas.subscription.period`
        """
        rows = self._write_periods(due)
        for engine, mine in rows.grouped("billing_engine").items():
            getattr(mine.subscription_id.with_env(self.env), f"_bill_{engine}")(mine)
        for subscription, period in due.items():
            for line in subscription.sudo().line_ids.filtered(
                lambda line: line.discount_periods and line._has_discount()
            ):
                line.discounts_given += 1
            subscription._write_protected({"next_period_start": period.end})
        self._end_trials(due)
        return rows

    def _end_trials(self, due):
        trials = self.filtered(lambda subscription: subscription in due and subscription.state == "trial")
        if trials:
            trials._transition("active")
            trials._log_event("started", self.env._("The trial is over: the first paid period begins."))
            for subscription in trials:
                subscription._mail_customer("started")

    def _write_periods(self, due):
        """Return the rows of periods: new ones, or those of periods which were given back as a whole."""
        Period = self.env["saas.subscription.period"].sudo()
        rows, new = {}, {}
        for subscription, period in due.items():
            values = subscription._prepare_period(period)
            void = subscription.sudo().period_ids.filtered(
                lambda row, start=period.start: row.is_void and row.start == start
            )
            if void:
                void.write({**values, "move_id": False})
                rows[subscription] = void
            else:
                new[subscription] = {"subscription_id": subscription.id, "start": period.start, **values}
        # UNIQUE (subscription_id, start) is the last guard: a second worker fails here, and nothing is billed twice.
        rows.update(zip(new, Period.create(list(new.values())), strict=True))
        return Period.concat(*(rows[subscription] for subscription in due))

    def _prepare_period(self, period):
        return {
            "end": period.end,
            "amount": self.recurring_amount,
            "currency_id": self.currency_id.id,
            "billing_engine": self.billing_engine,
            "is_void": False,
        }

    # === ENGINES === #

    def _bill_manual(self, rows):
        """Bill periods by invoices of this Odoo.

        :param rows: the `saas.subscription.period`, one of each of these subscriptions, in their order
        """
        moves, unpaid, messages = self._make_invoices(rows), self.browse(), {}
        for subscription, row, move in zip(self, rows, moves, strict=True):
            row.move_id = move
            messages[subscription] = self.env._("Invoice %(number)s was made.", number=move.name)
            if move.payment_state in OPEN_PAYMENT_STATES:
                unpaid += subscription
        unpaid._queue_mail("saas_manager.mail_template_invoice")
        self.env["saas.event"]._log_each(messages, "invoiced")

    def _bill_free(self, rows):
        """Bill nothing: the periods are on record, and cost nothing."""
        rows.amount = 0

    def _bill_external(self, rows):
        """Bill nothing here: the partner invoices elsewhere. The amounts are on record."""

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
