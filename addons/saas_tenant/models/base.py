from odoo import api, models

from ..own_code import check


class Base(models.AbstractModel):
    """Every door through which the ORM lets text into a field that a server evaluates.

    RPC, forms, imports, copies, defaults of the context and of `ir.default` all come through here.
    """

    _inherit = "base"

    @api.model
    def _prepare_create_values(self, vals_list):
        """Override of `_prepare_create_values` to refuse code in what a record is created with, defaults included."""
        prepared = super()._prepare_create_values(vals_list)
        if self._name != "ir.ui.view":
            check.check_values(self.browse(), prepared)
        return prepared

    def write(self, vals):
        """Override of `write` to refuse code before a constraint evaluates it."""
        if self._name != "ir.ui.view":
            check.check_values(self, [vals])
        return super().write(vals)

    def _update_field_translations(self, field_name, *args, **kwargs):
        """Override of `_update_field_translations`: a translation may bring what the original doesn't have."""
        with check.watch(self, [field_name]):
            return super()._update_field_translations(field_name, *args, **kwargs)
