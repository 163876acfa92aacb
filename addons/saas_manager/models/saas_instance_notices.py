import dataclasses

from odoo import fields, models

from ..saas_engine.directory import Directory
from .saas_instance_suspension import PUBLISHED_STATES


class SaasInstanceNotices(models.Model):
    """What an instance's administrators are told inside their Odoo: published in the directory, beside the limits."""

    _inherit = "saas.instance"

    def _prepare_notices(self):
        """Return what the directory publishes as notices, as values that JSON can hold. Addons add their own.

        Dates are texts in ISO format, times are UTC. `saas_gateway/limits.py` names what a tenant reads.
        """
        self.ensure_one()
        notices = self.sudo().subscription_id._prepare_notices()
        if self.measured_at:
            notices["storage"] = {
                "used_mb": self.storage_used_mb,
                "limit_mb": self.storage_limit_mb,
                "percent": round(self.storage_percent, 1),
                "measured_at": self.measured_at.isoformat(),
                "since": self.storage_level_since.isoformat() if self.storage_level_since else None,
            }
        return notices

    def _prepare_tenant_spec(self):
        """Override of `_prepare_tenant_spec`: whatever publishes the tenant publishes its notices, too."""
        return dataclasses.replace(super()._prepare_tenant_spec(), notices=self.sudo()._prepare_notices())

    def _saas_publish_notices(self):
        """Override of `_saas_publish_notices` to queue a job for each instance that is in the directory."""
        for instance in self.filtered(lambda each: each.state in PUBLISHED_STATES):
            instance._enqueue("_job_publish_notices", priority=5)

    def _job_publish_notices(self):
        """Make the directory say what there is to tell now, whatever it was when the job was queued."""
        self._publish_notices_now()
        return self.env._("Published at %(time)s.", time=fields.Datetime.now())

    def _publish_notices_now(self):
        """Publish the notices of these instances, one statement per server. For jobs."""
        placed = self.sudo().filtered(lambda each: each.state in PUBLISHED_STATES)
        for server, instances in placed.grouped("server_id").items():
            notices = {instance._key: instance._prepare_notices() for instance in instances}
            with self._engine_errors_as_job_errors():
                Directory(server._get_cluster()).set_notices(notices)
