from odoo import api, fields, models


class SaasTerminateWizard(models.TransientModel):
    _name = "saas.terminate.wizard"
    _description = "Terminate an Instance"

    instance_id = fields.Many2one("saas.instance", required=True, readonly=True)
    subdomain = fields.Char(related="instance_id.subdomain")
    delete_now = fields.Boolean(readonly=True)
    grace_days = fields.Integer(compute="_compute_grace_days")
    confirmation = fields.Char("Type the subdomain to confirm")

    @api.depends("instance_id")
    def _compute_grace_days(self):
        self.grace_days = self.env["saas.instance"]._get_grace_days()

    def action_confirm(self):
        """Do what was asked for, if the typed subdomain is right."""
        self.ensure_one()
        if self.delete_now:
            self.instance_id.action_delete_now(self.confirmation or "")
        else:
            self.instance_id.action_terminate(self.confirmation or "")
        return {"type": "ir.actions.act_window_close"}
