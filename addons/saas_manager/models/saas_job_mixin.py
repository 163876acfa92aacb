import logging
from contextlib import contextmanager

import psycopg2

from odoo import api, models

from odoo.addons.queue_job.exception import RetryableJobError

from ..saas_engine import errors

_logger = logging.getLogger(__name__)


class SaasJobMixin(models.AbstractModel):
    """Work that happens after the request.

    A job gets the record's id, rechecks that it still makes sense, and may run twice. Failures are written down by
    `_on_job_failed`, in a job of its own that follows the one that has failed.
    """

    _name = "saas.job.mixin"
    _inherit = ["saas.engine.mixin", "mail.activity.mixin", "bus.listener.mixin"]
    _description = "Background jobs of the SaaS manager"

    def _enqueue(self, method, *args, **options):
        """Queue a method of this record, at most once at a time.

        :param str method: name of the method, by convention `_job_<what>`
        :param args: plain values; never a secret, they are stored in clear
        :param options: of queue_job: `eta`, `priority`, `description`, `max_retries`
        :return: the queued job
        """
        self.ensure_one()
        key = ":".join([self._name, str(self.id), method, *map(str, args)])
        options.setdefault("description", f"{self.display_name}: {self._get_job_label(method, *args)}")
        return getattr(self.sudo().with_delay(identity_key=key, **options), method)(*args)

    def _get_job_label(self, method, *args):
        """Return what people read for a job in lists and activities."""
        return {"_job_after_failure": self.env._("Write a failure down")}.get(method, method)

    @api.model
    @contextmanager
    def _engine_errors_as_job_errors(self):
        """Let queue_job try again what time can heal; everything else fails the job."""
        try:
            yield
        except errors.RetryableError as error:
            raise RetryableJobError(str(error), seconds=error.seconds) from error

    def _job_after_failure(self, job_id):
        """Write down that a job of this record has failed for good.

        :param int job_id: the `queue.job`
        """
        self.ensure_one()
        job = self.env["queue.job"].browse(job_id).exists()
        if not job or job.state != "failed":
            return self.env._("Not relevant any more.")
        self._on_job_failed(job)
        return self.env._("%(job)s: written down.", job=job.name)

    def _on_job_failed(self, job):
        """React to a job of this record that has failed for good.

        :param job: the `queue.job` record; `method_name`, `args` and `exc_message` tell what happened
        """
        self.ensure_one()
        self._schedule_failure_activity(job)

    def _on_job_cancelled(self, job):
        """React to a job of this record that somebody cancelled. Does nothing here."""

    def _restart_after_failure(self, job):
        """Begin again what a failed job was a part of, when somebody asks to run that job again.

        :return: True when that was done, and the job itself is not to be run again
        """
        return False

    def _schedule_failure_activity(self, job):
        """Put the failure on the list of every administrator, once."""
        summary = self.env._("Failed: %(job)s", job=job.name)
        told = self.activity_ids.filtered(lambda activity: activity.summary == summary).user_id
        for user in self._get_failure_users() - told:
            self.activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, note=self._get_failure_reason(job), user_id=user.id
            )

    def _run_safely(self, method, *args):
        """Call a method of one record, so that what goes wrong in it stays in it.

        :param str method: its name
        :return: whether it went well; if not, nothing of it is left, and the administrators have an activity
        :raise psycopg2.OperationalError: another transaction was faster
        """
        self.ensure_one()
        _result, problem = self._attempt(method, getattr(self, method), *args)
        self._keep_problem(problem or False)
        if problem:
            self._report_problem(problem)
        return not problem

    def _attempt(self, what, work, *args):
        """Call a function for these records in a savepoint, so that what goes wrong in it stays in it.

        :param str what: how the log calls it
        :param work: the function
        :return: (what it returns, None); if it went wrong (None, why), nothing of it is left, and the log has the fault
        :raise psycopg2.OperationalError: another transaction was faster
        """
        try:
            with self.env.cr.savepoint():
                return work(*args), None
        except psycopg2.OperationalError:
            raise
        except Exception as error:  # whatever it is: the next customer must not suffer from it
            _logger.exception("%s %s: %s failed", self._name, self.ids, what)
            return None, str(error) or repr(error)

    def _keep_problem(self, message):
        """Remember why `_run_safely` failed last, or with False that it did not. Does nothing here."""

    def _report_problem(self, message, summary=None):
        """Put something on the list of every administrator, once.

        :param str message: in words
        :param str summary: what tells it from other problems; None: how the message begins
        """
        summary = summary or message[:100]
        told = self.activity_ids.filtered(lambda activity: activity.summary == summary).user_id
        for user in self._get_failure_users() - told:
            self.sudo().activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, note=message, user_id=user.id
            )

    def _notify_progress(self):
        """Tell every open form that there is something new to read."""
        for record in self:
            record._bus_send("saas_manager.progress", {"model": self._name, "id": record.id, "state": record.state})

    def _get_failure_users(self):
        """Return who hears of failures: the administrators of the manager."""
        return self.env.ref("saas_manager.group_administrator").sudo()._saas_manager_get_users()

    @api.model
    def _get_failure_reason(self, job):
        """Return in words why a job has failed; one whose worker was killed has no message."""
        return job.exc_message or self.env._("The worker was killed several times while it was at work on this.")
