import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import split_every

from ..saas_engine import contract

_logger = logging.getLogger(__name__)
BATCH = 100
SECONDS_UNTIL_RETRY = 60
# What a job may be asked to do, and the method that does it to one subscription.
NIGHTLY = {"renew": "_bill_due", "dun": "_end_or_dun"}
# Which of it is done to a whole batch at once.
TOGETHER = ("renew",)


class SaasSubscriptionCron(models.Model):
    """What happens at night. Days that were missed are caught up: nothing asks whether today is the day.

    The cron queues jobs for batches; in them what goes wrong is taken back to a savepoint, of the batch, its halves, or
    one subscription. One that is broken is reported and stops nobody else.
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
        """Do a task to a batch of subscriptions, of which none suffers from another.

        :param str task: a key of `NIGHTLY`
        :param list ids: of subscriptions
        """
        found, busy, failed = self.browse(ids).exists(), self.browse(), 0
        for part in [found] if task in TOGETHER else found:
            failed_now, busy_now = part._run_together(NIGHTLY[task])
            failed, busy = failed + len(failed_now), busy + busy_now
        if busy:
            # Somebody else was at it at this moment. They may have done it, or not: it is looked at again.
            self._queue_nightly(task, busy.ids, eta=SECONDS_UNTIL_RETRY)
        return self.env._(
            "%(count)s looked at, %(failed)s failed, %(busy)s later.", count=len(ids), failed=failed, busy=len(busy)
        )

    def _run_together(self, method):
        """Call a method of many subscriptions at once, and in ever smaller parts where that fails.

        So the usual night costs few queries, and in a bad one the halves lead to the one that is broken: only that is
        left out.

        :param str method: its name
        :return: which of them have failed, and which somebody else was at
        """
        if not self:
            return self, self
        if len(self) > 1:
            try:
                return self.browse(), self._run_unlocked(method)
            except Exception as error:  # noqa: BLE001 - the halves find out whose it is, and report it there
                _logger.info("%s of %s subscriptions: %s; in halves", method, len(self), error)
                middle = len(self) // 2
                parts = [part._run_together(method) for part in (self[:middle], self[middle:])]
                return tuple(self.browse().concat(*group) for group in zip(*parts, strict=True))
        try:
            return self.browse() if self._run_safely(method) else self, self.browse()
        except psycopg2.OperationalError:
            return self.browse(), self

    def _run_unlocked(self, method):
        """Call a method of those that nobody else is at.

        :return: the others
        """
        with self.env.cr.savepoint():
            free = self._lock_free()
            getattr(free, method)()
        recovered = free.filtered("problem")
        if recovered:
            recovered._write_protected({"problem": False})
        return self - free

    def _lock_free(self):
        """Lock those that nobody else has locked, in one query, without waiting for anybody.

        :return: what is locked now
        """
        self.env.cr.execute(
            "SELECT id FROM saas_subscription WHERE id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED", [self.ids]
        )
        mine = {number for [number] in self.env.cr.fetchall()}
        return self.filtered(lambda subscription: subscription.id in mine)

    def _end_or_dun(self):
        self._catch_up()
        self._end_if_over()
        self._remind_of_trial()
        self._run_dunning()

    def _end_if_over(self):
        """End what was cancelled for today or earlier, or does not renew itself and is used up."""
        self.ensure_one()
        self._lock_for_transition()
        end = contract.over(self._get_contract(), self._today())
        if end:
            self._end(*end)

    def _keep_problem(self, message):
        """Override of `_keep_problem` to show it on the form."""
        if self.problem or message:
            self._write_protected({"problem": message})

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of the night."""
        labels = {"renew": self.env._("Bill what is due"), "dun": self.env._("End and remind what is due")}
        return labels.get(method) or super()._get_job_label(method, *args)
