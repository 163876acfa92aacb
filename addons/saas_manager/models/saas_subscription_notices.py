from odoo import models

from ..saas_engine.dunning import SUSPEND


class SaasSubscriptionNotices(models.Model):
    """What people are told inside what they pay for: that a payment is overdue, that the trial ends.

    A job publishes it whenever the state changes or money comes in; nobody's click waits for it.
    """

    _inherit = "saas.subscription"

    def _transition(self, state, **values):
        """Override of `_transition`: what is told depends on the state."""
        moved = super()._transition(state, **values)
        moved._publish_notices()
        return moved

    def write(self, values):
        """Override of `write`: whether a trial goes on is told as well."""
        result = super().write(values)
        if {"auto_renew", "cancel_on"}.intersection(values):
            self.filtered(lambda subscription: subscription.state == "trial")._publish_notices()
        return result

    def _update_from_payments(self):
        """Override of `_update_from_payments`: of two overdue invoices one may be paid, and the state stays."""
        result = super()._update_from_payments()
        self.filtered(lambda subscription: subscription.state == "past_due")._publish_notices()
        return result

    def _publish_notices(self):
        for subscription in self:
            for resources in subscription._get_resources():
                resources._saas_publish_notices()

    def _prepare_notices(self):
        """Return what a resource of this contract tells its administrators. Of no contract: nothing."""
        if self.state == "past_due":
            return {"past_due": self._prepare_past_due_notice()}
        if self.state == "trial" and self.trial_end:
            days = self.env["saas.settings"]._get("saas.trial_reminder_days")
            goes_on = self.auto_renew and not self.cancel_on
            return {"trial": {"until": self.trial_end.isoformat(), "days": days, "goes_on": goes_on}}
        return {}

    def _prepare_past_due_notice(self):
        """Return what is overdue since when, and when it has consequences. What is billed elsewhere has no invoice."""
        move, steps, done = self._get_dunning() if self.billing_engine == "manual" else (None, [], set())
        if not move:
            return {}
        day = next((step.day for step in steps if step.kind == SUSPEND and step.code not in done), None)
        return {
            "since": move._saas_get_due_date().isoformat(),
            "until": day.isoformat() if day else None,
            "invoice": move.name,
            "url": self._get_payment_url(move),
        }
