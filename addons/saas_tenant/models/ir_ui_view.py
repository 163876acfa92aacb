from odoo import api, models

from ..own_code import check, known

# Whatever writes `arch` or `arch_base` ends in a write of this.
STORED = "arch_db"


class IrUiView(models.Model):
    """A view is looked at as it was saved: Odoo mends what is no XML, and nothing is evaluated before that."""

    _inherit = "ir.ui.view"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `create` to refuse expressions that are new."""
        views = super().create(vals_list)
        check.check_stored(views, [STORED], module=known.module_of(views[:1].key))
        return views

    def write(self, vals):
        """Override of `write` to refuse expressions that are new."""
        if STORED not in vals:
            return super().write(vals)
        with check.watch(self, [STORED], known.module_of(self[:1].key)):
            return super().write(vals)

    def _copy_field_terms_translations(self, records_from, name_field_from, record_to, name_field_to):
        """Override of the editor's `_copy_field_terms_translations`: it writes translations past `write`."""
        with check.watch(record_to, [name_field_to]):
            return super()._copy_field_terms_translations(records_from, name_field_from, record_to, name_field_to)
