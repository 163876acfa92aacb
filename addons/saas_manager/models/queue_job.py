from odoo import fields, models


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

    def _compute_saas_instance_id(self):
        for job in self:
            record = job.records if job.model_name == "saas.instance" else None
            job.saas_instance_id = record[:1].exists() if record else False

    def write(self, values):
        """Override of `write` to tell our records what became of their jobs.

        queue_job records a failure in a transaction of its own, after the job's was rolled back.
        """
        result = super().write(values)
        hook = {"failed": "_on_job_failed", "cancelled": "_on_job_cancelled"}.get(values.get("state"))
        for job, record in self._saas_records() if hook else ():
            getattr(record, hook)(job)
        return result

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
