from odoo import fields, models

from ..saas_engine.directory import Directory

# Narrower than the life cycle: it leads to these two states in other ways, too (an undone termination, a provisioning).
SUSPENDABLE_STATES = ("active",)
RESUMABLE_STATES = ("suspended", "terminating")
PUBLISHED_STATES = {"active": "active", "suspended": "suspended", "terminating": "suspended"}


class SaasInstanceSuspension(models.Model):
    """Switching an instance off and on. The record says what should be; a job publishes it."""

    _inherit = "saas.instance"

    reason = fields.Char(readonly=True, copy=False, help="What visitors read while the instance is not available.")

    def action_suspend(self, reason=None):
        """Take instances off the air, undoably. Those that are suspended already are left alone.

        :param str reason: what visitors read
        """
        self._begin_transition()
        for instance in self.filtered(lambda each: each.state != "suspended"):
            instance._check_can_become("suspended", SUSPENDABLE_STATES)
        for instance in self._transition("suspended", reason=reason or self._get_default_suspension_reason()):
            instance._log_event("suspended", self.env._("Suspended: %(reason)s", reason=instance.reason), "warning")
            instance._publish_state()
        return True

    def action_resume(self):
        """Put suspended instances back on the air, and undo a termination that has not happened yet.

        Active ones are left alone.
        """
        self._begin_transition()
        for instance in self.filtered(lambda each: each.state != "active"):
            instance._check_can_become("active", RESUMABLE_STATES)
            if instance.state == "terminating":
                instance._undo_termination()
            elif instance._transition("active", reason=False):
                instance._log_event("resumed", self.env._("Resumed."))
                instance._publish_state()
        return True

    def action_open_suspend_wizard(self):
        """Ask for the reason that visitors will read."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Suspend"),
            "res_model": "saas.suspend.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_instance_ids": self.ids},
        }

    def _get_default_suspension_reason(self):
        return self.env._("This site is suspended. Please contact us.")

    def _publish_state(self):
        """Queue a job that makes the directory say what the record says."""
        for instance in self:
            instance._enqueue("_job_publish_state")
            instance._notify_progress()

    def _job_publish_state(self):
        """Write the present state into the directory, whatever it was when the job was queued."""
        self.ensure_one()
        self._lock_for_transition()
        state = PUBLISHED_STATES.get(self.state)
        if not state:
            return self.env._("Not relevant any more: the instance is %(state)s.", state=self.state)
        directory = Directory(self.sudo().server_id._get_cluster())
        with self._engine_errors_as_job_errors():
            directory.set_state(self._key, state, "" if state == "active" else self.reason or "")
        return self.env._("Published as %(state)s at %(time)s.", state=state, time=fields.Datetime.now())
