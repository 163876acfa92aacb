from odoo import api, fields, models

from ..saas_engine import mrr

PHASES = {
    "draft": mrr.NOTHING,
    "trial": mrr.TRIAL,
    "active": mrr.RUNNING,
    "past_due": mrr.RUNNING,
    "suspended": mrr.PAUSED,
    "cancelled": mrr.ENDED,
    "expired": mrr.ENDED,
}
# A change of one of these may change the revenue.
TERMS = frozenset(["state", "plan_id", "interval", "line_ids", "billing_engine"])
LINE_TERMS = frozenset(
    ["quantity", "price_unit", "kind", "discount_percent", "discount_amount", "discount_periods", "discounts_given"]
)


class SaasSubscriptionMrr(models.Model):
    """Monthly recurring revenue: what counts now, and a row for each time that it changes."""

    _inherit = "saas.subscription"

    counted_amount = fields.Monetary(
        "MRR",
        compute="_compute_counted_amount",
        store=True,
        groups="saas_manager.group_user",
        help="Monthly recurring revenue, without taxes: a yearly price counts a twelfth. What is on trial, free,"
        " suspended or over counts nothing; what is past due counts until it is suspended or ends.",
    )
    movement_ids = fields.One2many(
        "saas.subscription.movement", "subscription_id", readonly=True, groups="saas_manager.group_user"
    )

    @api.model
    def _sum_in_company_currency(self, amounts):
        """Return the sum of amounts in the currency of the company that the user works in, at today's rate.

        :param amounts: pairs of a `res.currency` and an amount in it
        """
        company, today = self.env.company, fields.Date.context_today(self)
        return sum(currency._convert(amount, company.currency_id, company, today) for currency, amount in amounts)

    @api.depends("state", "monthly_amount", "billing_engine")
    def _compute_counted_amount(self):
        for subscription in self:
            is_counted = subscription._get_revenue_phase() == mrr.RUNNING
            subscription.counted_amount = subscription.monthly_amount if is_counted else 0

    def _get_revenue_phase(self):
        """Return the phase that the contract is in, as the engine knows it. What is free is never in any."""
        if self.billing_engine == "free":
            return mrr.NOTHING
        if self.state == "suspended" and self.sudo().state_before_suspension == "trial":
            return mrr.TRIAL
        return PHASES[self.state]

    def write(self, values):
        """Override of `write` to write down what it does to the revenue."""
        result = super().write(values)
        if TERMS.intersection(values):
            self._log_movements()
        return result

    # === THE LOG === #

    def _log_movements(self):
        """Write down how the revenue has changed since the last day with a row."""
        for subscription in self.sudo().filtered(lambda each: each.state != "draft"):
            subscription._log_movements_of_today()

    def _log_movements_of_today(self):
        Movement = self.env["saas.subscription.movement"]
        newest = Movement.search([("subscription_id", "=", self.id)], limit=1)
        # A clock that was set back must not put a row in front of others.
        today = max(self._today(), newest.date or self._today())
        if newest.date == today:
            Movement.search([("subscription_id", "=", self.id), ("date", "=", today)]).unlink()
            newest = Movement.search([("subscription_id", "=", self.id)], limit=1)
        self._add_movements(newest, self._get_revenue_phase(), today)

    def _add_movements(self, newest, phase, day):
        """Write down what has happened since a row, and return the newest row."""
        position = mrr.Position(phase, self.monthly_amount, (self.plan_id.id, self.interval))
        found = mrr.movements(newest._get_position(), position)
        rows = self.env["saas.subscription.movement"].create(self._prepare_movements(newest, position, found, day))
        return rows[-1:] or newest

    @api.model
    def _log_known_history(self):
        """Write down what is known of contracts that are older than the log: called when the addon is updated.

        Their beginning and end are known, and that they cost then what they cost now is the best guess.
        """
        for subscription in self.sudo().search([("state", "!=", "draft"), ("movement_ids", "=", False)]):
            phase, newest = subscription._get_revenue_phase(), subscription.movement_ids
            paid_since = min(subscription.period_ids.mapped("start"), default=False)
            if paid_since and phase in (mrr.RUNNING, mrr.PAUSED, mrr.ENDED):
                newest = subscription._add_movements(newest, mrr.RUNNING, paid_since)
            elif phase == mrr.TRIAL:
                newest = subscription._add_movements(newest, phase, subscription.start_date)
            if newest and phase in (mrr.PAUSED, mrr.ENDED):
                day = max(newest.date, subscription.ended_on or subscription._today())
                subscription._add_movements(newest, phase, day)

    def _prepare_movements(self, newest, position, found, day):
        """Return the values of rows.

        :param newest: the `saas.subscription.movement` before them
        :param Position position: where the contract stands after them
        :param list found: what `mrr.movements` has found
        """
        level, booked, rows = newest.level, newest.company_level, []
        for kind, amount in found:
            company_amount = self._get_company_amount(kind, amount, level, booked, day)
            if kind != mrr.PAUSE:
                level, booked = level + amount, booked + company_amount
            rows.append({"kind": kind, "amount": amount, "company_amount": company_amount})
        ended = {"phase": position.phase, "level": level, "company_level": booked}
        return [{**self._prepare_movement(day), **row, **ended} for row in rows]

    def _get_company_amount(self, kind, amount, level, booked, day):
        company = self.company_id
        if kind == mrr.PAUSE:
            return booked if amount > 0 else -booked
        if amount >= 0:
            return self.currency_id._convert(amount, company.currency_id, company, day)
        return -company.currency_id.round(mrr.share_of_booked(booked, level, -amount))

    def _prepare_movement(self, day):
        """Return what all rows of a day have in common."""
        return {
            "subscription_id": self.id,
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "plan_id": self.plan_id.id,
            "interval": self.interval,
            "date": day,
            "currency_id": self.currency_id.id,
            "company_currency_id": self.company_id.currency_id.id,
        }


class SaasSubscriptionLineMrr(models.Model):
    _inherit = "saas.subscription.line"

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` to write down what it does to the revenue."""
        lines = super().create(values_list)
        lines.subscription_id._log_movements()
        return lines

    def write(self, values):
        """Override of `write` to write down what it does to the revenue."""
        result = super().write(values)
        if LINE_TERMS.intersection(values):
            self.subscription_id._log_movements()
        return result

    def unlink(self):
        """Override of `unlink` to write down what it does to the revenue."""
        subscriptions = self.subscription_id
        result = super().unlink()
        subscriptions.exists()._log_movements()
        return result
