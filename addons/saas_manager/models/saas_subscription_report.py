from odoo import fields, models
from odoo.tools import SQL

# Measures that say how it stands at the end of a month: of several months, the last one counts.
CLOSING = ("mrr", "subscriptions")
FLOWS = {
    "new_mrr": "new",
    "returned_mrr": "returned",
    "expansion_mrr": "expansion",
    "contraction_mrr": "contraction",
    "suspended_mrr": "pause",
    "lost_mrr": "lost",
}
COUNTS = {
    "new_subscriptions": ("new", "returned"),
    "lost_subscriptions": ("lost",),
    "trials_started": ("trial_started",),
    "trials_converted": ("trial_converted",),
    "trials_lost": ("trial_lost",),
}


class SaasSubscriptionReport(models.Model):
    """Recurring revenue by month: a row per contract and month, read from the log of its movements.

    Amounts are in the currency of the contract's company, converted at the day of each movement. Companies with
    different currencies are not added up by the views: these then group by currency.
    """

    _name = "saas.subscription.report"
    _description = "Recurring Revenue"
    _auto = False
    _order = "month desc, subscription_id desc, id"
    _rec_name = "subscription_id"

    month = fields.Date(readonly=True)
    subscription_id = fields.Many2one("saas.subscription", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    plan_id = fields.Many2one("saas.plan", readonly=True)
    interval = fields.Selection([("month", "Monthly"), ("year", "Yearly")], "Paid", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    contract_currency_id = fields.Many2one("res.currency", "Contract Currency", readonly=True)
    currency_id = fields.Many2one("res.currency", "Currency", readonly=True)
    mrr = fields.Monetary(
        "MRR",
        readonly=True,
        help="Monthly recurring revenue at the end of the month, or now. Of several months, that of the last one.",
    )
    opening_mrr = fields.Monetary("MRR at the Beginning", readonly=True, aggregator=None)
    net_mrr = fields.Monetary("Net Change", readonly=True)
    new_mrr = fields.Monetary("New", readonly=True)
    returned_mrr = fields.Monetary("Returned", readonly=True, help="Of contracts that had ended and were brought back.")
    expansion_mrr = fields.Monetary("Expansion", readonly=True)
    contraction_mrr = fields.Monetary("Contraction", readonly=True)
    suspended_mrr = fields.Monetary(
        "Suspended", readonly=True, help="Less by suspensions, more by those that are over."
    )
    lost_mrr = fields.Monetary("Lost", readonly=True)
    churn = fields.Float(
        "Churn (%)",
        readonly=True,
        aggregator="avg",
        help="What was lost of the MRR at the beginning of the month. Of several months, the average month.",
    )
    subscriptions = fields.Integer(
        "Paying Subscriptions", readonly=True, help="At the end of the month. Of several months, in the last one."
    )
    new_subscriptions = fields.Integer("Subscriptions Won", readonly=True)
    lost_subscriptions = fields.Integer("Subscriptions Lost", readonly=True)
    trials_started = fields.Integer(readonly=True)
    trials_converted = fields.Integer(readonly=True)
    trials_lost = fields.Integer(readonly=True)
    trial_conversion = fields.Float(
        "Trial Conversion (%)",
        readonly=True,
        aggregator="avg",
        help="Of the trials that were over in the month, how many became paying.",
    )

    # === ROWS === #

    @property
    def _table_query(self):
        """A row per contract and month, from its first movement on, for as long as it brings something."""
        return SQL(
            """WITH totals AS (%(totals)s), spans AS (%(spans)s)
            SELECT %(rows)s FROM spans CROSS JOIN LATERAL %(months)s AS calendar(month)
                WHERE spans.mrr <> 0 OR calendar.month = spans.month
            UNION ALL
            SELECT %(leaving)s FROM spans
                WHERE spans.old_plan_id <> spans.plan_id OR spans.old_interval <> spans.interval
            """,
            totals=self._get_totals_sql(),
            spans=self._get_spans_sql(),
            rows=self._get_rows_sql(),
            months=self._get_months_sql(),
            leaving=self._get_leaving_sql(),
        )

    def _get_totals_sql(self):
        """The movements of each contract and month, added up."""
        columns = [
            SQL("SUM(company_amount) FILTER (WHERE kind = %s) AS %s", kind, SQL.identifier(name))
            for name, kind in FLOWS.items()
        ] + [
            SQL("COUNT(*) FILTER (WHERE kind IN %s) AS %s", kinds, SQL.identifier(name))
            for name, kinds in COUNTS.items()
        ]
        return SQL(
            """SELECT subscription_id, date_trunc('month', date)::date AS month, MIN(id) AS first_id,
                (ARRAY_AGG(id ORDER BY date DESC, id DESC))[1] AS last_id, SUM(company_amount) AS net_mrr, %s
            FROM saas_subscription_movement GROUP BY 1, 2""",
            SQL(", ").join(columns),
        )

    def _get_spans_sql(self):
        """The same with how it stood after them, and until which month that lasted."""
        return SQL(
            """SELECT totals.*, newest.partner_id, newest.plan_id, newest.interval, newest.company_id,
                newest.currency_id, newest.company_currency_id, newest.phase, newest.level,
                SUM(totals.net_mrr) OVER life AS mrr, LEAD(totals.month) OVER life AS next_month,
                LAG(newest.plan_id) OVER life AS old_plan_id, LAG(newest.interval) OVER life AS old_interval
            FROM totals JOIN saas_subscription_movement newest ON newest.id = totals.last_id
            WINDOW life AS (PARTITION BY totals.subscription_id ORDER BY totals.month)"""
        )

    def _get_months_sql(self):
        this_month = fields.Date.today().replace(day=1)
        return SQL(
            """generate_series(spans.month, COALESCE(spans.next_month - interval '1 month',
                GREATEST(spans.month, %s)), interval '1 month')""",
            this_month,
        )

    def _get_rows_sql(self):
        own_month = SQL("calendar.month = spans.month")
        flows = [
            SQL("CASE WHEN %s THEN COALESCE(spans.%s, 0) ELSE 0 END AS %s", own_month, column, column)
            for column in map(SQL.identifier, ("net_mrr", *FLOWS, *COUNTS))
        ]
        return SQL(
            """%s, spans.plan_id, spans.interval, calendar.month::date AS month,
            spans.first_id::bigint * 1000 + (EXTRACT(YEAR FROM AGE(calendar.month, spans.month)) * 12
                + EXTRACT(MONTH FROM AGE(calendar.month, spans.month)))::bigint AS id,
            spans.mrr, CASE WHEN %s THEN spans.mrr - spans.net_mrr ELSE spans.mrr END AS opening_mrr,
            CASE WHEN spans.phase = 'running' AND spans.level > 0 THEN 1 ELSE 0 END AS subscriptions,
            CASE WHEN %s THEN 100.0 * spans.trials_converted / NULLIF(spans.trials_converted + spans.trials_lost, 0)
                END AS trial_conversion, NULL::float8 AS churn, %s""",
            self._get_common_sql(),
            own_month,
            own_month,
            SQL(", ").join(flows),
        )

    def _get_leaving_sql(self):
        """A row of zeros in the month that a contract leaves a plan: without it the plan would seem to keep it."""
        zeros = [SQL("0 AS %s", SQL.identifier(name)) for name in ("net_mrr", *FLOWS, *COUNTS)]
        return SQL(
            """%s, spans.old_plan_id, spans.old_interval, spans.month, spans.first_id::bigint * 1000 + 999,
            0, 0, 0, NULL, NULL, %s""",
            self._get_common_sql(),
            SQL(", ").join(zeros),
        )

    def _get_common_sql(self):
        return SQL(
            """spans.subscription_id, spans.partner_id, spans.company_id, spans.currency_id AS contract_currency_id,
            spans.company_currency_id AS currency_id"""
        )

    # === TOTALS === #

    def _read_group_select(self, aggregate_spec, query):
        """Override of `_read_group_select` for measures that can't be added up over months."""
        name, _colon, function = aggregate_spec.partition(":")
        if name in CLOSING and function == "sum":
            return self._get_closing_sql(name, query)
        if name == "churn" and function:
            lost, opening = (self._field_to_sql(self._table, each, query) for each in ("lost_mrr", "opening_mrr"))
            return SQL("-100.0 * SUM(%s) / NULLIF(SUM(%s), 0)", lost, opening)
        return super()._read_group_select(aggregate_spec, query)

    def _get_closing_sql(self, name, query):
        """Return the sum over the last of the months that are put together."""
        amount, month = (self._field_to_sql(self._table, each, query) for each in (name, "month"))
        return SQL(
            """(SELECT SUM(each.amount) FROM unnest(ARRAY_AGG(%s), ARRAY_AGG(%s)) AS each(amount, month)
                WHERE each.month = MAX(%s))""",
            amount,
            month,
            month,
        )

    # === VIEWS === #

    def action_open_subscription(self):
        """Open the contract that a row is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "saas.subscription",
            "res_id": self.subscription_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _get_view(self, view_id=None, view_type="form", **options):
        """Override of `_get_view` to keep apart what is not in one currency."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type in ("graph", "pivot") and len(self.env.companies.currency_id) > 1:
            values = {"name": "currency_id", "type": "row"} if view_type == "pivot" else {"name": "currency_id"}
            arch.insert(0 if view_type == "pivot" else len(arch), arch.makeelement("field", values))
        return arch, view

    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        """Override of `_get_view_cache_key`: the view depends on the companies that are chosen."""
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, tuple(sorted(self.env.companies.currency_id.ids)))
