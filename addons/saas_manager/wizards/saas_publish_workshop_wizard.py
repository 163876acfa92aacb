from odoo import fields, models


class SaasPublishWorkshopWizard(models.TransientModel):
    """Says what publishing does, and asks what was done."""

    _name = "saas.publish.workshop.wizard"
    _description = "Publish a Template That Was Configured by Hand"

    workshop_id = fields.Many2one("saas.template.workshop", required=True, readonly=True)
    template_id = fields.Many2one(related="workshop_id.template_id")
    variant_count = fields.Integer(related="template_id.variant_count")
    note = fields.Text("What Was Done")

    def action_confirm(self):
        """Queue it."""
        self.ensure_one()
        self.workshop_id.action_publish(self.note)
        return {"type": "ir.actions.act_window_close"}
