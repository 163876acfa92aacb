from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def write(self, values):
        """Override of `write` to see payments that have no journal entry."""
        result = super().write(values)
        if "state" in values:
            self.invoice_ids._saas_follow_payment()
        return result
