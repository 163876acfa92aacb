from odoo import api, fields, models


class SaasSubscription(models.Model):
    _inherit = "saas.subscription"

    mailbox_ids = fields.One2many("saas.example.mailbox", "subscription_id", string="Mailboxes")

    @api.model
    def _get_resource_fields(self):
        """Override of `_get_resource_fields`: mailboxes come and go with the contract."""
        return [*super()._get_resource_fields(), "mailbox_ids"]
