from odoo import fields, models
from odoo.exceptions import UserError

from ..saas_engine import companies


class SaasInstanceCompanies(models.Model):
    """Finishing touches: further companies are set up when the customer can work already.

    It takes the tenant's own ORM, so seconds. A failure leaves the instance as it is: active, with a reason and a
    button.
    """

    _inherit = "saas.instance"

    company_line_ids = fields.One2many(
        "saas.instance.company", "instance_id", string="Further Companies", groups="saas_manager.group_user"
    )
    companies_state = fields.Selection(
        [("running", "Being Set Up"), ("done", "Set Up"), ("failed", "Failed")],
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
    )
    companies_error = fields.Text(
        "Why They Were Not Set Up", readonly=True, copy=False, groups="saas_manager.group_user"
    )

    # === ACTIONS === #

    def action_set_up_companies(self):
        """Queue the set-up of the companies that are not there yet."""
        for instance in self:
            instance.check_access("write")
            if instance.state != "active":
                raise UserError(self.env._("Companies can be set up when the instance is active."))
            if not instance._get_companies_to_set_up():
                raise UserError(self.env._("All companies are set up. Add one first."))
            instance._start_companies()
        return True

    def _get_companies_to_set_up(self):
        self.ensure_one()
        return self.sudo().company_line_ids.filtered(lambda line: line.state == "draft")

    def _start_companies(self):
        self.ensure_one()
        self._write_protected({"companies_state": "running", "companies_error": False})
        self._enqueue("_job_set_up_companies")
        self._notify_progress()

    def _finish_provisioning(self):
        """Override of `_finish_provisioning` to go on with the companies."""
        result = super()._finish_provisioning()
        if self._get_companies_to_set_up():
            self._start_companies()
        return result

    # === JOBS === #

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the job of the companies."""
        if method == "_job_set_up_companies":
            return self.env._("Set up the companies")
        return super()._get_job_label(method, *args)

    def _job_set_up_companies(self):
        """Make the companies and users that are not there yet, as the tenant's own administrator."""
        self.ensure_one()
        lines = self._get_companies_to_set_up()
        if self.state != "active" or not lines:
            return self.env._("Not relevant any more.")
        specs, provisioner = [line._prepare_company_spec() for line in lines], self._get_provisioner()
        with self._engine_errors_as_job_errors(), provisioner.administer(self._prepare_tenant_spec()) as odoo:
            companies.set_up(odoo, specs)
        lines._transition("done")
        self._write_protected({"companies_state": "done", "companies_error": False})
        names = ", ".join(lines.mapped("name"))
        self._log_event("note", self.env._("Companies were set up: %(names)s.", names=names))
        self._notify_progress()
        return names

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to show why companies are missing."""
        super()._on_job_failed(job)
        if job.method_name == "_job_set_up_companies":
            self._fail_companies(self._get_failure_reason(job))

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled` so that nobody waits for a job that nobody will run."""
        super()._on_job_cancelled(job)
        if job.method_name == "_job_set_up_companies":
            self._fail_companies(self.env._("Cancelled by %(user)s.", user=self.env.user.name))

    def _fail_companies(self, reason):
        self._write_protected({"companies_state": "failed", "companies_error": reason})
        self._log_event("failed", self.env._("Companies were not set up: %(reason)s", reason=reason), "error")
        self._notify_progress()
