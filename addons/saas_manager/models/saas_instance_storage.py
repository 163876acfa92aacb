from odoo import api, fields, models

from ..saas_engine import levels
from .saas_instance_suspension import PUBLISHED_STATES


class SaasInstanceStorage(models.Model):
    """What follows when an instance's storage fills up: a line of the timeline, and one mail per level and rise.

    The tenant itself refuses uploads and shows banners; what it knows is published (`saas_instance_notices.py`).
    """

    _inherit = "saas.instance"

    storage_level = fields.Integer(
        readonly=True, copy=False, help="80, 95 or 100: the level that was reported. 0: below all."
    )
    storage_level_since = fields.Datetime(readonly=True, copy=False)

    @api.model
    def _cron_check_limits(self):
        """Look at every instance again: a limit may have changed, a measure or a publication may have failed."""
        self.search([("state", "in", list(PUBLISHED_STATES))])._queue_use("_job_check_limits")

    @api.model
    def _job_check_limits(self, ids):
        """Compare a batch of instances with their limits, and publish what there is to tell.

        :param list ids: of instances
        """
        instances = self.browse(ids).exists().filtered(lambda each: each.state in PUBLISHED_STATES)
        return self._run_batch("_job_check_limits", instances, lambda each: each._run_safely("_check_limits"))

    def _check_limits(self):
        """React to what was measured. Addons look at further limits here.

        What was told is remembered, not the day: whatever was missed is caught up, and nothing is told twice.
        """
        self.ensure_one()
        level, before = levels.reached(self.storage_percent), self.storage_level
        if self.state != "active" or not self.measured_at or level == before:
            return
        self._write_protected({"storage_level": level, "storage_level_since": fields.Datetime.now()})
        if level < before:
            self._log_event("limit", self.env._("Storage: back to %(use)s.", use=self._get_storage_label()))
            return
        self._log_event("limit", self._get_storage_message(), "error" if level >= levels.FULL else "warning")
        if levels.mail_for(before, level):
            self._send_storage_mail()

    def _get_storage_message(self):
        """Return in words how full it is."""
        message = self.env._(
            "Storage: %(percent)s %% are used, %(use)s.",
            percent=int(self.storage_percent),
            use=self._get_storage_label(),
        )
        if self.storage_level >= levels.FULL:
            message += " " + self.env._("New files are refused.")
        return message

    def _send_storage_mail(self):
        """Queue the mail about the level that was reached, in the customer's language."""
        template = self.env.ref("saas_manager.mail_template_storage").sudo()
        template.send_mail(self.id)
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        self._log_event("mail", self.env._("The customer was told how full the storage is."))
