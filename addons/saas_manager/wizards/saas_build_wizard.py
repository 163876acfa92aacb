from odoo import fields, models


class SaasBuildWizard(models.TransientModel):
    """Asks before a build from the definition loses what was done by hand."""

    _name = "saas.build.wizard"
    _description = "Build a Template That Was Configured by Hand"

    template_id = fields.Many2one("saas.template", required=True, readonly=True)
    notes = fields.Text(related="template_id.by_hand_notes")

    def action_confirm(self):
        """Queue the build."""
        self.ensure_one()
        self.template_id._queue_build()
        return {"type": "ir.actions.act_window_close"}
