from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..compat import Constraint
from ..saas_engine import naming
from ..saas_engine.errors import InvalidNameError
from ..saas_engine.runtime import Runtime


class SaasRuntime(models.Model):
    """One tenant service: a process group of one release on one server.

    How it is started is not in the database but in its `runtime.json`: nobody who can edit records may choose
    commands.
    """

    _name = "saas.runtime"
    _inherit = ["saas.job.mixin", "mail.thread"]
    _description = "Runtime"
    _order = "sequence, code"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Name of the folder that holds its runtime.json.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [("shared", "Shared by many tenants"), ("dedicated", "For one tenant")], required=True, default="shared"
    )
    server_id = fields.Many2one("saas.server", required=True, ondelete="restrict", index=True)
    release_id = fields.Many2one("saas.release", required=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="server_id.company_id", store=True)
    instance_ids = fields.One2many("saas.instance", "runtime_id", string="Instances")

    _code_unique = Constraint("UNIQUE (code)", "Another runtime has this code.")

    @api.constrains("code")
    def _check_code(self):
        for runtime in self:
            try:
                naming.runtime_code(runtime.code)
            except InvalidNameError as error:
                raise ValidationError(str(error)) from error

    def _get_runtime(self):
        """Return the engine's view of this runtime, read from its `runtime.json`."""
        self.ensure_one()
        return Runtime.load(self._get_engine_settings().runtimes_dir, self.code)
