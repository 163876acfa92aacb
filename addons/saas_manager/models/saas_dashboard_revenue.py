from datetime import timedelta

from odoo import fields, models
from odoo.tools.misc import formatLang

DAYS_OF_TRIALS = 90


class SaasDashboardRevenue(models.AbstractModel):
    """What subscriptions bring, on the first screen."""

    _inherit = "saas.dashboard"

    def _get_blocks(self):
        """Override of `_get_blocks` to add the revenue."""
        return [*super()._get_blocks(), "revenue"]

    def _prepare_revenue(self):
        """Return what is earned in a month, and how many trials of late became customers; None without a contract.

        Several currencies are added up in that of the company which the user works in, at today's rate.
        """
        Subscription, counted = self.env["saas.subscription"], [("counted_amount", ">", 0)]
        if not Subscription.search_count([("state", "!=", "draft")], limit=1):
            return None
        amounts = Subscription._read_group(counted, ["currency_id"], ["counted_amount:sum"])
        mrr = Subscription._sum_in_company_currency(amounts)
        return {
            "mrr": formatLang(self.env, mrr, currency_obj=self.env.company.currency_id),
            "domain": counted,
            **self._prepare_trials(self._today() - timedelta(days=DAYS_OF_TRIALS)),
        }

    def _prepare_trials(self, since):
        kinds = ("trial_converted", "trial_lost")
        domain = [("kind", "in", kinds), ("date", ">=", fields.Date.to_string(since))]
        counts = dict(self.env["saas.subscription.movement"]._read_group(domain, ["kind"], ["__count"]))
        ended = sum(counts.values())
        return {
            "trial_days": DAYS_OF_TRIALS,
            "trial_conversion": round(100 * counts.get("trial_converted", 0) / ended) if ended else None,
            "trial_domain": domain,
        }
