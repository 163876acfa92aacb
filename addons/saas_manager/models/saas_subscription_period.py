from odoo import api, fields, models
from odoo.tools.misc import format_date

from ..compat import Constraint
from ..saas_engine import periods, proration


class SaasSubscriptionPeriod(models.Model):
    """One period that was billed. That there is a row is what makes a second invoice impossible."""

    _name = "saas.subscription.period"
    _description = "Period of a Subscription"
    _order = "subscription_id, start desc"

    subscription_id = fields.Many2one("saas.subscription", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    name = fields.Char(compute="_compute_name")
    start = fields.Date(required=True, readonly=True)
    end = fields.Date("Until Before", required=True, readonly=True, help="The first day that is not part of it.")
    last_day = fields.Date("Until", compute="_compute_last_day")
    amount = fields.Monetary(readonly=True, help="Without taxes, less what was given back.")
    is_void = fields.Boolean("Given Back", readonly=True, help="It was credited as a whole, and may be billed again.")
    billing_engine = fields.Char(readonly=True)
    move_id = fields.Many2one("account.move", "Invoice", readonly=True, index=True, ondelete="restrict")
    invoice_name = fields.Char("Invoice Number", related="move_id.name")
    invoice_state = fields.Selection(related="move_id.state", string="Invoice Status")
    payment_state = fields.Selection(related="move_id.payment_state")
    due_date = fields.Date("Payment Due", related="move_id.invoice_date_due")
    total = fields.Monetary("Total", related="move_id.amount_total", help="With taxes.")
    open_amount = fields.Monetary("Open", related="move_id.amount_residual")

    _start_unique = Constraint("UNIQUE (subscription_id, start)", "This period was billed already.")
    _order_of_days = Constraint('CHECK ("end" > start)', "A period ends after it has begun.")

    @api.depends("end")
    def _compute_last_day(self):
        for period in self:
            period.last_day = period._get_period().last_day

    @api.depends("start", "end")
    def _compute_name(self):
        for period in self:
            period.name = period._get_label(period._get_period())

    def _get_period(self):
        """Return the days as the engine knows them."""
        return periods.Period(self.start, self.end)

    @api.model
    def _get_label(self, period):
        """Return a period's days for people, in the language of the context.

        :param period: `periods.Period`
        """
        first, last = (format_date(self.env, day) for day in (period.start, period.last_day))
        return self.env._("%(first)s to %(last)s", first=first, last=last)

    # === WHAT IS GIVEN BACK === #

    def _get_invoiced_lines(self):
        """Return the invoice lines that this period was billed by: its invoice, and later changes of the plan."""
        lines = self.env["account.move.line"].sudo().search([("saas_period_id", "=", self.id)])
        return lines.filtered(lambda line: line.parent_state == "posted" and line.move_id.move_type == "out_invoice")

    def _prepare_credit_lines(self, day, sign=1):
        """Return what the days from one on are worth, as invoice lines with the taxes they were billed with.

        :param date day: the first day that will not be used
        :param int sign: 1 for a credit note, -1 for an invoice that sets it off
        :return: values of `account.move.line`; none where nothing was invoiced
        """
        self.ensure_one()
        lines = []
        for line in self._get_invoiced_lines():
            billed = periods.Period(line.saas_start, line.saas_end)
            amount = float(proration.share(line._saas_get_price(), billed, day, self.currency_id.rounding))
            if not self.currency_id.is_zero(amount):
                unused = periods.Period(max(day, billed.start), billed.end)
                lines.append(self._prepare_credit_line(line, unused, sign * amount))
        return lines

    def _prepare_credit_line(self, line, unused, amount):
        subscription = self.subscription_id
        return {
            **subscription._prepare_service_dates(unused),
            "product_id": line.product_id.id,
            "name": subscription._get_line_label(line.name.split("\n")[0], unused),
            "quantity": 1,
            "price_unit": amount,
            "account_id": line.account_id.id,
            "tax_ids": [fields.Command.set(line.tax_ids.ids)],
            "saas_period_id": self.id,
        }

    def _cut(self, day, credited):
        """Let the period end on a day; one that has not begun is void.

        :param date day: the first day that is not part of it any more
        :param float credited: what was given back for it
        """
        if day <= self.start:
            # The row may be billed again: these lines are settled, and must not be given back a second time.
            self._get_invoiced_lines().saas_period_id = False
            self.write({"is_void": True, "amount": 0})
        else:
            self.write({"end": day, "amount": self.currency_id.round(self.amount - credited)})
