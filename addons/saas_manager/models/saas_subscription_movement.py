from odoo import fields, models

from ..saas_engine import mrr


class SaasSubscriptionMovement(models.Model):
    """What has changed the monthly recurring revenue, written down on the day it happens.

    Rows of past days never change: a price, a plan or an exchange rate that changes later rewrites nothing. Those of
    one contract and day are written anew while the day lasts, so that a slip that is undone at once leaves no trace.
    """

    _name = "saas.subscription.movement"
    _inherit = ["saas.dashboard.source"]
    _description = "Movement of the Recurring Revenue"
    _order = "date desc, id desc"
    _rec_name = "kind"

    subscription_id = fields.Many2one("saas.subscription", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", required=True, index=True, readonly=True)
    plan_id = fields.Many2one("saas.plan", required=True, index=True, ondelete="restrict", readonly=True)
    interval = fields.Selection([("month", "Monthly"), ("year", "Yearly")], "Paid", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True, index=True)
    kind = fields.Selection(
        [
            (mrr.NEW, "New"),
            (mrr.RETURNED, "Returned"),
            (mrr.EXPANSION, "Expansion"),
            (mrr.CONTRACTION, "Contraction"),
            (mrr.PAUSE, "Suspended"),
            (mrr.LOST, "Lost"),
            (mrr.MOVED, "Other Terms"),
            (mrr.TRIAL_STARTED, "Trial Started"),
            (mrr.TRIAL_CONVERTED, "Trial Converted"),
            (mrr.TRIAL_LOST, "Trial Lost"),
        ],
        required=True,
        readonly=True,
    )
    currency_id = fields.Many2one("res.currency", "Contract Currency", required=True, readonly=True)
    amount = fields.Monetary("In the Contract's Currency", readonly=True)
    company_currency_id = fields.Many2one("res.currency", "Currency", required=True, readonly=True)
    company_amount = fields.Monetary(
        "MRR Change",
        currency_field="company_currency_id",
        readonly=True,
        help="In the company's currency: what comes is converted at the rate of its day, what goes leaves with what it"
        " was booked with.",
    )
    # Where the contract stood then: what the next movement is measured from.
    phase = fields.Char(required=True, readonly=True)
    level = fields.Monetary(readonly=True, help="What it brings in a month, or would if it were not suspended.")
    company_level = fields.Monetary(currency_field="company_currency_id", readonly=True)

    def init(self):
        """Index what is asked for at each change: the newest row of a contract."""
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS saas_subscription_movement_newest"
            " ON saas_subscription_movement (subscription_id, date, id)"
        )

    def _get_position(self):
        """Return where the contract stood after this row; of no row, where a contract begins."""
        if not self:
            return mrr.Position()
        return mrr.Position(self.phase, self.level, (self.plan_id.id, self.interval))
