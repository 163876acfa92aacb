from odoo import fields, models


class SaasMailbox(models.Model):
    """Something else that a customer may get for the same subscription: here, a mailbox that is open or shut."""

    _name = "saas.example.mailbox"
    _inherit = ["saas.resource.mixin"]
    _description = "Mailbox"

    name = fields.Char("Address", required=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True)
    state = fields.Selection(
        [("draft", "Draft"), ("open", "Open"), ("shut", "Shut")], required=True, default="draft", readonly=True
    )

    def _saas_activate(self):
        return self._switch("open", self.filtered(lambda box: box.state == "draft"))

    def _saas_suspend(self, reason):
        return self._switch("shut", self.filtered(lambda box: box.state == "open"))

    def _saas_resume(self):
        return self._switch("open", self.filtered(lambda box: box.state == "shut"))

    def _saas_terminate(self):
        return self._saas_suspend(None)

    def _saas_measure(self):
        return {}

    def _saas_apply_plan(self, plan):
        return self.browse()

    def _saas_is_gone(self):
        return False

    def _switch(self, state, boxes):
        """A real one would queue a job here that tells the mail server; it is done when the job is."""
        boxes.state = state
        return boxes
