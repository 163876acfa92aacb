from odoo import api, fields, models

from ..saas_engine import roles
from ..saas_engine.directory import Directory
from .saas_instance_suspension import PUBLISHED_STATES


class SaasPlanLimits(models.Model):
    """What a plan allows reaches the tenants that run already: a job writes it into the directories."""

    _name = "saas.plan"
    _inherit = ["saas.plan", "saas.job.mixin", "mail.thread"]

    def write(self, values):
        """Override of `write` to publish limits that have changed."""
        before = {plan.id: plan._prepare_limits() for plan in self}
        result = super().write(values)
        self.filtered(lambda plan: plan._prepare_limits() != before[plan.id])._publish_limits()
        return result

    @api.model
    def _cron_publish_limits(self):
        """Publish again what every plan in use says: the name and the address of the company may have changed."""
        domain = [("state", "in", list(PUBLISHED_STATES))]
        for (plan,) in self.env["saas.instance"].sudo()._read_group(domain, ["plan_id"]):
            plan._publish_limits()

    def _publish_limits(self):
        """Queue a job per plan that makes directories and roles say what the plan says."""
        for plan in self:
            plan._enqueue("_job_publish_limits")

    def _job_publish_limits(self):
        """Publish the present limits of all instances of this plan, one statement per server, and set their roles."""
        self.ensure_one()
        domain = [("plan_id", "=", self.id), ("state", "in", list(PUBLISHED_STATES))]
        instances = self.env["saas.instance"].sudo().search(domain)
        for server, placed in instances.grouped("server_id").items():
            limits = {instance._key: instance._prepare_tenant_spec().limits for instance in placed}
            with self._engine_errors_as_job_errors():
                cluster = server._get_cluster()
                Directory(cluster).set_limits(limits)
                roles.set_limits(cluster, limits)
        return self.env._(
            "Limits of %(count)s instances published at %(time)s.", count=len(instances), time=fields.Datetime.now()
        )

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name this file's job."""
        if method == "_job_publish_limits":
            return self.env._("Publish the limits")
        return super()._get_job_label(method, *args)
