from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    saas_subscription_id = fields.Many2one(
        "saas.subscription", "SaaS Subscription", index="btree_not_null", copy=False, ondelete="restrict", readonly=True
    )
    saas_period_id = fields.Many2one(
        "saas.subscription.period", index="btree_not_null", copy=False, ondelete="restrict", readonly=True
    )
    saas_step_ids = fields.One2many("saas.subscription.step", "move_id")

    def _saas_get_due_date(self):
        """Return the last day on which payment is in time: a period need not be paid before it begins."""
        self.ensure_one()
        due = self.invoice_date_due or self.invoice_date
        return max(due, self.saas_period_id.start or due)

    def _saas_follow_payment(self):
        for subscription in self.sudo().saas_subscription_id:
            # A payment is never refused because something cannot come back.
            subscription._run_safely("_update_from_payments")

    def _invoice_paid_hook(self):
        """Override of `_invoice_paid_hook` to bring back what the invoice pays for."""
        result = super()._invoice_paid_hook()
        self._saas_follow_payment()
        return result

    def write(self, values):
        """Override of `write` to see payments that have no journal entry."""
        result = super().write(values)
        if "matched_payment_ids" in values:
            self._saas_follow_payment()
        return result

    def button_draft(self):
        """Override of `button_draft` to tell the subscription."""
        posted = self.filtered(lambda move: move.state == "posted")
        result = super().button_draft()
        posted._saas_tell_withdrawn("draft")
        return result

    def button_cancel(self):
        """Override of `button_cancel` to tell the subscription."""
        result = super().button_cancel()
        self._saas_tell_withdrawn("cancel")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_invoices_of_periods(self):
        """Keep the draft of a period: with the invoice its number and its place in the contract would be gone."""
        for move in self.sudo():
            if move.saas_period_id or move.line_ids.saas_period_id:
                raise UserError(
                    self.env._(
                        '"%(move)s" is the invoice of a period of %(subscription)s. Cancel it instead.',
                        move=move.display_name,
                        subscription=move.saas_subscription_id.name,
                    )
                )

    def _saas_tell_withdrawn(self, state):
        for move in self.sudo().filtered(lambda move: move.saas_subscription_id and move.state == state):
            if move.move_type == "out_invoice":
                move.saas_subscription_id._on_invoice_withdrawn(move)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    saas_period_id = fields.Many2one(
        "saas.subscription.period", index="btree_not_null", copy=False, ondelete="restrict", readonly=True
    )
    saas_start = fields.Date("Service From", copy=False, readonly=True)
    saas_end = fields.Date("Service Until Before", copy=False, readonly=True)

    def _saas_get_price(self):
        """Return what the line costs in the way its prices are written: with taxes that are included in prices."""
        self.ensure_one()
        is_included = any(self.tax_ids.flatten_taxes_hierarchy().mapped("price_include"))
        return self.price_total if is_included else self.price_subtotal
