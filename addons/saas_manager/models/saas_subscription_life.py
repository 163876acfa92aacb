from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..saas_engine import contract
from ..saas_engine.contract import ENDED_STATES, LIVE_STATES


class SaasSubscriptionLife(models.Model):
    """Beginning, suspension, cancellation and end; each can be undone until the resources are deleted."""

    _inherit = "saas.subscription"

    state_before_suspension = fields.Char(readonly=True, copy=False, groups="saas_manager.group_user")
    cancel_on = fields.Date("Ends On", readonly=True, copy=False, tracking=True, help="The first day without service.")
    cancel_reason = fields.Char("Reason of the Cancellation", readonly=True, copy=False, tracking=True)
    end_cause = fields.Selection(
        [
            ("customer", "Cancelled"),
            ("unpaid", "Not Paid"),
            ("not_renewed", "Not Renewed"),
            ("trial", "Trial Not Continued"),
        ],
        "Why It Ended",
        readonly=True,
        copy=False,
    )
    ended_on = fields.Date(readonly=True, copy=False)

    # === BEGIN === #

    def action_start(self):
        """Begin: with the trial, if there are days for one, else with the first period."""
        for subscription in self:
            subscription._check_can_begin()
            if subscription.trial_days:
                subscription._start_trial()
            else:
                subscription._begin_periods(subscription._get_first_day())
        return True

    def action_start_paid(self):
        """Begin the first period today, without a trial or before it has ended."""
        for subscription in self:
            subscription._check_can_begin(also="trial")
            subscription._begin_periods(subscription._today())
        return True

    def _check_can_begin(self, also="draft"):
        if self.state not in ("draft", also):
            raise UserError(self._transition_error_message("active"))
        if self.billing_engine == "manual" and not self.sudo().company_id.root_id.chart_template:
            raise UserError(
                self.env._(
                    "%(company)s has no chart of accounts, so it can't make invoices. Load one under Invoicing /"
                    " Configuration / Settings, or choose another billing.",
                    company=self.company_id.name,
                )
            )

    def _get_first_day(self):
        return self.start_date or self._today()

    def _start_trial(self):
        first = self._get_first_day()
        self._transition("trial", start_date=first, trial_end=first + timedelta(days=self.trial_days))
        # The first day to be billed is known, and its day of the month is the anchor.
        self._write_protected({"next_period_start": self.trial_end, "anchor": self.trial_end.day})
        self._log_event("started", self.env._("The trial began."))
        self._activate_resources()

    def _begin_periods(self, first):
        """Move to active, with the first period beginning on a day."""
        values = {"next_period_start": first, "anchor": first.day}
        if self.state == "draft":
            values["start_date"] = first
        self._transition("active", **values)
        self._log_event("started", self.env._("The first paid period begins."))
        self._bill_due(always=1)
        self._activate_resources()
        self._mail_customer("started")

    # === SUSPEND, RESUME === #

    def action_suspend(self, reason=None):
        """Switch the resources off until somebody resumes the contract, or pays.

        :param str reason: what visitors read
        """
        for subscription in self:
            reason_shown = reason or self.env["saas.instance"]._get_default_suspension_reason()
            subscription._catch_up()
            before = subscription.state
            by_hand = {"is_suspended_by_hand": True, "suspension_reason": reason_shown}
            if subscription._transition("suspended", state_before_suspension=before, **by_hand):
                subscription._log_event(
                    "suspended", self.env._("Suspended: %(reason)s", reason=reason_shown), "warning"
                )
                subscription._suspend_resources(reason_shown)
                subscription._mail_customer("paused")
        return True

    def action_resume(self):
        """Undo a suspension, or an end that has not deleted anything yet."""
        for subscription in self:
            subscription._check_can_come_back()
            was_trial = subscription.state == "suspended" and subscription.state_before_suspension == "trial"
            subscription._reinstate("trial" if was_trial else "active")
        return True

    def _check_can_come_back(self):
        if self.state not in ("suspended", *ENDED_STATES):
            raise UserError(self._transition_error_message("active"))
        if not self.next_period_start:
            raise UserError(self.env._('"%(name)s" has never begun. Make a new subscription.', name=self.name))
        if self._has_lost_resources():
            raise UserError(
                self.env._('What "%(name)s" has paid for is deleted. Start a new subscription.', name=self.name)
            )
        if contract.is_used_up(self._get_contract(), self._today()):
            raise UserError(
                self.env._(
                    '"%(name)s" does not renew itself and is used up. Let it renew itself first.', name=self.name
                )
            )

    def _reinstate(self, state):
        """Bring a contract and its resources back.

        Days on which everything was off are not billed: the next period then begins today.
        """
        self.ensure_one()
        before = self.state
        values = {"end_cause": False, "ended_on": False, "cancel_on": False, "cancel_reason": False}
        values.update(state_before_suspension=False, is_suspended_by_hand=False, suspension_reason=False)
        day = contract.restart_day(self._get_contract(), self._today())
        if day:
            values.update(next_period_start=day, anchor=day.day)
        if self._transition(state, **values):
            self._log_event("resumed", self.env._("Everything is back."))
            self._resume_resources()
            if before != "past_due":  # nothing was off
                self._mail_customer("resumed")
            self._notify_progress()

    # === CANCEL === #

    def action_cancel_at_end(self, reason=None):
        """End the contract when what was paid for is used up. It can be undone until then.

        :param str reason: why, in the customer's words
        """
        for subscription in self:
            if subscription.state not in LIVE_STATES:
                raise UserError(subscription._transition_error_message("cancelled"))
            subscription._catch_up()
            subscription._write_protected(
                {"cancel_on": subscription._get_last_paid_end(), "cancel_reason": reason or False}
            )
            subscription._log_event(
                "cancelled", self.env._("Cancelled as of %(date)s.", date=subscription.cancel_on), "warning"
            )
            subscription._mail_customer("cancelling")
        return True

    def action_undo_cancellation(self):
        """Let a contract that was cancelled for a later day go on."""
        for subscription in self:
            if subscription.state in ENDED_STATES:
                raise UserError(self.env._("It has ended already. Resume it instead."))
            if not subscription.cancel_on:
                raise UserError(
                    self.env._('"%(name)s" is not cancelled: there is nothing to undo.', name=subscription.name)
                )
            subscription._write_protected({"cancel_on": False, "cancel_reason": False})
            subscription._log_event("resumed", self.env._("The cancellation was undone."))
            subscription._mail_customer("cancellation_undone")
        return True

    def action_cancel_now(self, reason=None, refund=True):
        """End the contract at once.

        :param str reason: why, in the customer's words
        :param bool refund: give back what was paid for the days that are left
        """
        for subscription in self:
            subscription._catch_up()
            subscription._check_can_become("cancelled")
            subscription._write_protected({"cancel_reason": reason or False})
            subscription._end("cancelled", "customer", refund=refund)
        return True

    def _get_last_paid_end(self):
        """Return the end of the period that runs, or of the trial. A period that has not begun is never used."""
        billed = [row._get_period() for row in self.period_ids if not row.is_void]
        return contract.last_paid_end(self._get_contract(), billed, self.trial_end or None, self._today())

    # === END === #

    def _end(self, state, cause, refund=True):
        """End the contract: no further invoices, and the resources go after their usual grace.

        :param str state: ``cancelled`` or ``expired``
        :param str cause: of `end_cause`
        :param bool refund: credit what was billed for days that will not be used
        """
        self.ensure_one()
        today, had_begun = self._today(), self.state != "draft"
        for subscription in self._transition(state, end_cause=cause, ended_on=today, cancel_on=False):
            if refund and had_begun:
                subscription._credit_unused(today)
            labels = dict(self._fields["end_cause"]._description_selection(self.env))
            subscription._log_event("ended", self.env._("It ended: %(cause)s.", cause=labels[cause]), "warning")
            if had_begun:
                subscription._terminate_resources()
                if cause != "unpaid":  # that has a mail of its own
                    subscription._mail_customer("ended")
            subscription._notify_progress()
