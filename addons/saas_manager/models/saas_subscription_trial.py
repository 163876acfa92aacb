from datetime import timedelta

from odoo import api, fields, models


class SaasSubscriptionTrial(models.Model):
    """Nobody is surprised by the end of a trial: the customer hears of it some days before, once."""

    _inherit = "saas.subscription"

    trial_reminded_at = fields.Datetime(readonly=True, copy=False, groups="saas_manager.group_user")

    @api.model
    def _get_trial_reminder_domain(self):
        """Return which trials may be near their end. Each looks again, in its own time zone."""
        days = self.env["saas.settings"]._get("saas.trial_reminder_days")
        latest = fields.Date.today() + timedelta(days=days + 1)
        return ["&", ("state", "=", "trial"), "&", ("trial_reminded_at", "=", False), ("trial_end", "<=", latest)]

    def _remind_of_trial(self):
        """Queue the mail about the end of the trial, if its day has come."""
        self.ensure_one()
        days = self.env["saas.settings"]._get("saas.trial_reminder_days")
        today = self._today()
        near = self.state == "trial" and today < self.trial_end <= today + timedelta(days=days)
        if not near or self.trial_reminded_at or self.cancel_on:
            return
        self._write_protected({"trial_reminded_at": fields.Datetime.now()})
        self._queue_mail("saas_manager.mail_template_trial")
        self._log_event("mail", self.env._("The customer was told that the trial ends."))
