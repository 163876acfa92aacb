from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import split_every

BATCH = 100
SECONDS_UNTIL_RETRY = 60
# What a job may be asked to do, and the method that does it to one subscription.
NIGHTLY = {"renew": "_bill_due", "dun": "_end_or_dun"}


class SaasSubscriptionCron(models.Model):
    """What happens at night. Days that were missed are caught up: nothing asks whether today is the day.

    The cron queues jobs for batches; in them each subscription has a savepoint. One that is broken is reported and
    stops nobody else.
    """

    _inherit = "saas.subscription"

    problem = fields.Char(
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
        help="Why it could not be dealt with last time.",
    )

    @api.model
    def _cron_renew(self):
        """Bill the periods that are due."""
        self._queue_nightly("renew", self.search(self._get_renewal_domain()).ids)

    @api.model
    def _cron_dun(self):
        """End what is over, and carry out what unpaid invoices lead to."""
        self._queue_nightly("dun", self.search(self._get_dunning_domain()).ids)

    @api.model
    def _get_renewal_domain(self):
        """Return which subscriptions may have something to bill. Each looks again, in its own time zone."""
        lead_days = self.env["saas.settings"]._get("saas.renew_days")
        latest = fields.Date.today() + timedelta(days=lead_days + 1)
        return [
            ("state", "in", ("trial", "active", "past_due")),
            ("auto_renew", "=", True),
            ("next_period_start", "<=", latest),
        ]

    @api.model
    def _get_dunning_domain(self):
        """Return which subscriptions may be over, not paid, or paid without anybody having noticed."""
        tomorrow = fields.Date.today() + timedelta(days=1)
        return [
            ("state", "in", ("trial", "active", "past_due", "suspended")),
            *("|", *self._get_trial_reminder_domain()),
            *("|", ("cancel_on", "<=", tomorrow)),
            *("|", ("state", "in", ("past_due", "suspended"))),
            *("|", ("move_ids.payment_state", "in", ("not_paid", "partial"))),
            *("&", ("auto_renew", "=", False), ("next_period_start", "<=", tomorrow)),
        ]

    @api.model
    def _queue_nightly(self, task, ids, **options):
        """Queue jobs that do a task to subscriptions.

        :param str task: a key of `NIGHTLY`
        :param list ids: of subscriptions
        """
        for batch in split_every(BATCH, ids, list):
            key = f"{self._name}:{task}:{','.join(map(str, batch))}"
            job = self.browse().with_delay(identity_key=key, description=self._get_job_label(task), **options)
            job._job_nightly(task, batch)

    @api.model
    def _job_nightly(self, task, ids):
        """Do a task to a batch of subscriptions, each on its own.

        :param str task: a key of `NIGHTLY`
        :param list ids: of subscriptions
        """
        method, busy, failed = NIGHTLY[task], [], 0
        for subscription in self.browse(ids).exists():
            try:
                failed += not subscription._run_safely(method)
            except psycopg2.OperationalError:
                # Somebody else is at it at this moment. They may do it, or not: it is looked at again.
                busy.append(subscription.id)
        if busy:
            self._queue_nightly(task, busy, eta=SECONDS_UNTIL_RETRY)
        return self.env._(
            "%(count)s looked at, %(failed)s failed, %(busy)s later.", count=len(ids), failed=failed, busy=len(busy)
        )

    def _end_or_dun(self):
        self._end_if_over()
        self._remind_of_trial()
        self._run_dunning()

    def _end_if_over(self):
        """End what was cancelled for today or earlier, or does not renew itself and is used up."""
        self.ensure_one()
        self._lock_for_transition()
        today = self._today()
        if self.state not in ("trial", "active", "past_due", "suspended"):
            return
        if self.cancel_on and self.cancel_on <= today:
            self._end("cancelled", "customer")
        elif not self.auto_renew and self.next_period_start and self.next_period_start <= today:
            self._end("expired", "trial" if self.state == "trial" else "not_renewed")

    def _keep_problem(self, message):
        """Override of `_keep_problem` to show it on the form."""
        if self.problem or message:
            self._write_protected({"problem": message})

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of the night."""
        labels = {"renew": self.env._("Bill what is due"), "dun": self.env._("End and remind what is due")}
        return labels.get(method) or super()._get_job_label(method, *args)
