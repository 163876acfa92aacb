from odoo import api, fields, models

from ..compat import Constraint


class SaasInstanceStep(models.Model):
    """One step of provisioning an instance: what people watch, and how long it took."""

    _name = "saas.instance.step"
    _description = "Provisioning Step"
    _order = "instance_id, sequence, id"

    instance_id = fields.Many2one("saas.instance", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="instance_id.company_id", store=True)
    code = fields.Char(required=True, readonly=True)
    name = fields.Char(compute="_compute_name")
    sequence = fields.Integer(readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("running", "Running"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        default="waiting",
        readonly=True,
    )
    started_at = fields.Datetime(readonly=True)
    seconds = fields.Float("Time (s)", digits=(10, 3), readonly=True)
    message = fields.Char(readonly=True)

    _code_unique = Constraint("UNIQUE (instance_id, code)", "An instance has each step once.")

    @api.depends("code")
    def _compute_name(self):
        labels = self.env["saas.instance"]._get_provision_step_labels()
        for step in self:
            step.name = labels.get(step.code, step.code)

    def _start(self):
        self.write({"state": "running", "started_at": fields.Datetime.now(), "seconds": 0, "message": False})

    def _finish(self, seconds):
        self.write({"state": "done", "seconds": seconds, "message": False})

    def _fail(self, message):
        self.write({"state": "failed", "message": message})

    def _reset(self):
        self.write({"state": "waiting", "started_at": False, "seconds": 0, "message": False})
