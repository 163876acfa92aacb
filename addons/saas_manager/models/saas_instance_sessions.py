from odoo import models
from odoo.exceptions import AccessError, UserError

from ..saas_engine import sessions
from .saas_instance_suspension import PUBLISHED_STATES


class SaasInstanceSessions(models.Model):
    """Who is signed in to a customer's Odoo can be signed out, all at once: a stolen device, support that is done."""

    _inherit = "saas.instance"

    def action_end_sessions(self):
        """Sign everybody out of these instances; they may sign in again."""
        if not self.env.user.has_group("saas_manager.group_manager"):
            raise AccessError(self.env._("Signing people out of a customer's Odoo is for managers."))
        self.check_access("write")
        for instance in self:
            if instance.state not in PUBLISHED_STATES:
                raise UserError(self.env._('"%(name)s" is not running: nobody is signed in.', name=instance.name))
            with self._engine_errors_as_user_errors():
                sessions.end(instance.sudo().runtime_id._get_runtime(), instance._key)
            message = self.env._("%(user)s has signed everybody out.", user=self.env.user.name)
            instance._log_event("access", message, "warning")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": self.env._("Everybody is signed out.")},
        }
