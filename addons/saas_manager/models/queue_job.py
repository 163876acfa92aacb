from odoo import api, fields, models


class QueueJob(models.Model):
    _inherit = "queue.job"

    saas_instance_id = fields.Many2one(
        "saas.instance",
        compute="_compute_saas_instance_id",
        store=True,
        index=True,
        compute_sudo=True,
        string="Instance",
    )

    saas_is_failure_handled = fields.Boolean(help="The record of this job knows that it has failed.")

    @api.depends("model_name", "records")
    def _compute_saas_instance_id(self):
        for job in self:
            record = job.records if job.model_name == "saas.instance" else None
            job.saas_instance_id = record[:1].exists() if record else False

    def write(self, values):
        """Override of `write` to tell our records what became of their jobs."""
        was_failed = "state" in values and "failed" in self.mapped("state")
        result = super().write(values)
        if was_failed or values.get("state") == "failed":
            self.env["saas.dashboard"]._notify()
        if values.get("state") == "failed":
            self._saas_handle_failure()
        elif values.get("state") == "cancelled":
            for job, record in self._saas_records():
                record._on_job_cancelled(job)
        elif "state" in values:
            super().write({"saas_is_failure_handled": False})
        return result

    def requeue(self):
        """Override of `requeue`: what a failed job belonged to has ended too, and may have to begin again."""
        restarted = self.browse()
        for job, record in self._saas_records():
            if job.state == "failed" and record._restart_after_failure(job):
                restarted |= job
        return super(QueueJob, self - restarted).requeue()

    def _saas_handle_failure(self):
        """Queue what follows from a failure.

        It can't be done here: while queue_job records the failure, the transaction of the job itself is still open
        and may hold the lock of the very record that has to change.
        """
        for job, record in self._saas_records():
            job.saas_is_failure_handled = True
            if job.method_name != "_job_after_failure":
                record._enqueue("_job_after_failure", job.id)

    @api.model
    def _cron_saas_handle_failures(self):
        """Tell records of failures that queue_job has written by SQL: of jobs whose worker was killed too often."""
        failed = [("state", "=", "failed"), ("model_name", "=like", "saas.%"), ("saas_is_failure_handled", "=", False)]
        for job in self.search(failed):
            job._saas_handle_failure()

    def _saas_records(self):
        """Return pairs of a job and its record, for the jobs of models that have our job mixin."""
        mixin = self.env.registry["saas.job.mixin"]
        return [
            (job, job.records.sudo().exists())
            for job in self
            if job.model_name in self.env
            and issubclass(self.env.registry[job.model_name], mixin)
            and job.records.exists()
        ]
