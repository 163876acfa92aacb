from odoo import api, models

from .. import policy


class IrModelFields(models.Model):
    _inherit = "ir.model.fields"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `create` to refuse fields that are computed by Python."""
        if any(vals.get("compute") for vals in vals_list):
            self._check_own_code()
        return super().create(vals_list)

    def write(self, vals):
        """Override of `write` to refuse Python that was not there before."""
        if vals.get("compute") and any(field.compute != vals["compute"] for field in self):
            self._check_own_code()
        return super().write(vals)

    def _check_own_code(self):
        if not policy.is_own_code_allowed(self.env):
            policy.refuse_own_code(self.env, self.env._("A field that is computed by Python code"))
