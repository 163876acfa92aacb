from datetime import timedelta

from odoo import api, fields, models

REMIND_HOURS = 4


class SaasTemplateWorkshopEnd(models.Model):
    """How a copy ends that nobody has ended: by a failure, or forgotten."""

    _inherit = "saas.template.workshop"

    # === FAILURES === #

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to say what went wrong; what was done in the copy is not lost by it."""
        super()._on_job_failed(job)
        self._give_up(job, self._get_failure_reason(job))

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled`: what nobody will do is not waited for."""
        super()._on_job_cancelled(job)
        self._give_up(job, self.env._("Cancelled by %(user)s.", user=self.env.user.name))

    def _give_up(self, job, reason):
        if job.method_name == "_job_publish" and self.state == "publishing":
            self.failure = reason
            self.template_id._fail_build(reason)
            self._enqueue("_job_reopen")
        elif (job.method_name, self.state) in (("_job_open", "preparing"), ("_job_reopen", "publishing")):
            self._transition("failed", failure=reason)
            self._log(self.env._("The copy can't be opened: %(reason)s", reason=reason), "failed", "error")
        self._notify_progress()

    def _restart_after_failure(self, job):
        """Override of `_restart_after_failure`: a retry of the job is a retry of the copy."""
        if job.method_name in ("_job_open", "_job_reopen") and self.state == "failed":
            return self.with_env(job.env).action_retry()
        return super()._restart_after_failure(job)

    def _schedule_failure_activity(self, job):
        """Override of `_schedule_failure_activity`: the template is where people look."""
        self.template_id._schedule_failure_activity(job)

    # === FORGOTTEN ONES === #

    def action_extend(self):
        """Keep the copy as long as a new one."""
        workshop = self._as_administrator()
        workshop._write_protected({"expires_at": self._get_expiry()})
        workshop._drop_reminder()
        return True

    @api.model
    def _cron_expire(self):
        """Throw away what was forgotten, and remind those who are about to forget."""
        now = fields.Datetime.now()
        waiting = self.search([("state", "in", ("open", "failed")), ("expires_at", "!=", False)])
        forgotten = waiting.filtered(lambda workshop: workshop.expires_at <= now)
        for workshop in forgotten:
            message = self.env._(
                "The open copy of %(name)s was forgotten and is thrown away.", name=workshop.user_id.name
            )
            workshop._discard(message)
        soon = now + timedelta(hours=REMIND_HOURS)
        others = (waiting - forgotten).filtered(lambda workshop: workshop.state == "open" and not workshop.reminder_id)
        others.filtered(lambda workshop: workshop.expires_at <= soon)._remind()

    def _remind(self):
        for workshop in self:
            workshop.reminder_id = workshop.template_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Publish or discard what you have configured by hand"),
                note=self.env._("The open copy of this template is thrown away soon, with all that was done in it."),
                user_id=workshop.user_id.id,
            )
