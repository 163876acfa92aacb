from odoo import fields, models
from odoo.release import series

from ..compat import Constraint


class SaasRelease(models.Model):
    """One version of the code that tenants run: an Odoo, its addons and their requirements."""

    _name = "saas.release"
    _description = "Release"
    _order = "sequence, code desc"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True, default=series, help="Written into the directory beside each tenant, such as 18.0."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    note = fields.Text()
    runtime_ids = fields.One2many("saas.runtime", "release_id", string="Runtimes")

    _code_unique = Constraint("UNIQUE (code)", "Another release has this code.")
