from odoo import api, models

from .. import policy


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `create` to refuse code. Scheduled actions come through here as well."""
        actions = super().create(vals_list)
        actions._check_own_code({})
        return actions

    def write(self, vals):
        """Override of `write` to refuse code that was not there before."""
        before = {action.id: action._get_own_code() for action in self}
        result = super().write(vals)
        self._check_own_code(before)
        return result

    def _get_own_code(self):
        """Return the Python that this action runs as (kind, text), or None if it runs none."""
        self.ensure_one()
        if self.state == "code":
            return "code", self.code or ""
        if self.state in ("object_write", "object_create") and self.evaluation_type == "equation":
            return "equation", self.value or ""
        return None

    def _check_own_code(self, before):
        """Raise UserError if any of the actions runs code that it did not run before.

        :param dict before: what `_get_own_code` returned, by id
        """
        if policy.is_own_code_allowed(self.env):
            return
        for action in self:
            code = action._get_own_code()
            if code is None or code == before.get(action.id):
                continue
            # An app of Odoo's that keeps a cron for a record does so as the system.
            if self.env.su and policy.is_plain_call(code[1]):
                continue
            policy.refuse_own_code(self.env, self.env._("An action that runs Python code"))
