import uuid
from datetime import timedelta

from odoo import api, fields, models


class SaasSubscriptionInvoice(models.Model):
    """Invoices and credit notes of Odoo's own accounting: one invoice per period, posted at once."""

    _inherit = "saas.subscription"

    payment_term_id = fields.Many2one(
        "account.payment.term",
        "Payment Terms",
        compute="_compute_payment_term_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    move_ids = fields.One2many(
        "account.move",
        "saas_subscription_id",
        string="Invoices",
        readonly=True,
        groups="saas_manager.group_user",
    )
    invoice_count = fields.Integer(compute="_compute_invoice_count", groups="saas_manager.group_user")

    def _compute_payment_term_id(self):
        for subscription in self:
            partner = subscription.partner_id.with_company(subscription.company_id)
            subscription.payment_term_id = partner.property_payment_term_id

    def _compute_invoice_count(self):
        groups = (
            self.env["account.move"]
            .sudo()
            ._read_group([("saas_subscription_id", "in", self.ids)], ["saas_subscription_id"], ["__count"])
        )
        counts = {subscription.id: count for subscription, count in groups}
        for subscription in self:
            subscription.invoice_count = counts.get(subscription.id, 0)

    def action_view_invoices(self):
        """Open the invoices and credit notes of this subscription."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoices"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("saas_subscription_id", "=", self.id)],
            "context": {"create": False},
        }

    # === INVOICES === #

    def _make_invoices(self, rows):
        """Make and post the invoices of periods.

        :param rows: the `saas.subscription.period`, one of each of these subscriptions, in their order
        :return: the `account.move` in the same order
        """
        return self._post_moves(
            [subscription._prepare_invoice(row) for subscription, row in zip(self, rows, strict=True)]
        )

    def _prepare_invoice(self, row):
        """Return the values of the `account.move` of a period.

        :param row: the `saas.subscription.period`
        """
        period = row._get_period()
        lines = [
            {**values, "saas_period_id": row.id}
            for line in self.sudo().line_ids
            for values in self._prepare_invoice_lines(line, period)
        ]
        return {**self._prepare_move("out_invoice", lines), "saas_period_id": row.id}

    def _post_moves(self, values_list):
        """Make and post an invoice or a credit note for each of these subscriptions.

        :param list values_list: values of `account.move`, in the order of the subscriptions
        :return: the `account.move` in the same order
        """
        groups, posted = {}, {}
        for subscription, values in zip(self, values_list, strict=True):
            group = (subscription.company_id, subscription._get_invoice_context()["lang"])
            groups.setdefault(group, {})[subscription] = values
        for (company, lang), values in groups.items():
            # Whoever starts or changes a contract may bill it, without being an accountant.
            Move = self.env["account.move"].sudo().with_company(company).with_context(lang=lang)
            moves = Move.create(list(values.values()))
            self._leave_locked_days(moves)
            moves._post(soft=False)
            posted.update(zip(values, moves.with_context(lang=self.env.lang), strict=True))
        return self.env["account.move"].sudo().concat(*(posted[subscription] for subscription in self))

    @api.model
    def _leave_locked_days(self, moves):
        """Let invoices of days that the accountant has closed be of the first open one."""
        for (company, journal, day), group in moves.grouped(
            lambda move: (move.company_id, move.journal_id, move.invoice_date)
        ).items():
            locks = company._get_violated_lock_dates(day, True, journal)
            if locks:
                group.invoice_date = max(locked for locked, _field in locks) + timedelta(days=1)

    def _get_invoice_context(self):
        return {"lang": self._get_invoice_partner().lang or self.env.lang}

    def _get_invoice_partner(self):
        """Return who the invoice goes to: the customer's invoice address."""
        partner = self.sudo().partner_id
        return partner.browse(partner.address_get(["invoice"])["invoice"])

    def _prepare_move(self, move_type, lines):
        """Return the values of an `account.move`. Fiscal position, taxes and accounts follow by Odoo's own rules.

        :param str move_type: ``out_invoice`` or ``out_refund``
        :param list lines: values of `account.move.line`
        """
        return {
            "move_type": move_type,
            "partner_id": self._get_invoice_partner().id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "invoice_date": self._today(),
            "invoice_payment_term_id": self.payment_term_id.id,
            "invoice_origin": self.name,
            "saas_subscription_id": self.id,
            # The mail has the link to it: made later, it would be a write to a posted invoice.
            "access_token": str(uuid.uuid4()),
            "invoice_line_ids": [fields.Command.create(line) for line in lines],
        }

    def _prepare_invoice_lines(self, line, period):
        """Return the values of what one line of the contract puts on a period's invoice.

        :param line: `saas.subscription.line`
        :param period: `periods.Period`
        """
        line = line.with_context(**self._get_invoice_context())
        has_discount = line._has_discount()
        values = {
            **self._prepare_service_dates(period),
            "product_id": line._get_product().id,
            "name": self._get_line_label(line.name, period),
            "quantity": line.quantity,
            "price_unit": line.price_unit,
            "discount": line.discount_percent if has_discount else 0,
        }
        fixed = has_discount and line._get_fixed_discount()
        if not fixed:
            return [values]
        name = self._get_line_label(self.env._("Discount"), period)
        return [values, {**values, "name": name, "quantity": 1, "price_unit": -fixed, "discount": 0}]

    def _get_line_label(self, name, period):
        Period = self.env["saas.subscription.period"].with_context(**self._get_invoice_context())
        return f"{name}\n{Period._get_label(period)}"

    def _prepare_service_dates(self, period):
        """Return the service period of a line, and the dates by which Odoo defers revenue where its edition has them.

        :param period: `periods.Period`
        """
        dates = {"saas_start": period.start, "saas_end": period.end}
        if "deferred_start_date" in self.env["account.move.line"]._fields:
            dates.update(deferred_start_date=period.start, deferred_end_date=period.last_day)
        return dates

    # === CREDIT NOTES === #

    def _credit_unused(self, day):
        """Credit what was billed for days from one on, and let the next period begin there.

        :param date day: the first day that will not be used
        :return: the credit notes
        """
        self.ensure_one()
        notes = self.env["account.move"]
        for row in self.sudo().period_ids.filtered(lambda row: not row.is_void and row.end > day):
            lines = row._prepare_credit_lines(day)
            if lines:
                notes += self._credit_invoice(row, lines)
            row._cut(day, sum(line["price_unit"] for line in lines))
        if self.next_period_start and self.next_period_start > day:
            self._write_protected({"next_period_start": day, "anchor": day.day})
        return notes

    def _credit_invoice(self, row, lines):
        """Post a credit note, and set it off against the invoices of the period as far as they are still open."""
        note = self._post_moves([{**self._prepare_move("out_refund", lines), "saas_period_id": row.id}])
        self._log_event("invoiced", self.env._("Credit note %(number)s was made.", number=note.name))
        receivable = (row._get_invoiced_lines().move_id + note).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )
        if len(receivable.move_id) > 1:
            receivable.reconcile()
        return note
