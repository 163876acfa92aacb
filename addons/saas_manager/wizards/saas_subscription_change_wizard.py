from odoo import api, fields, models

from ..models.saas_subscription_change import Wanted


class SaasSubscriptionChangeWizard(models.TransientModel):
    """Another plan or other add-ons, with what it costs before anybody confirms."""

    _name = "saas.subscription.change.wizard"
    _description = "Change a Subscription"

    subscription_id = fields.Many2one("saas.subscription", required=True, readonly=True)
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    company_id = fields.Many2one(related="subscription_id.company_id")
    plan_id = fields.Many2one(
        "saas.plan",
        required=True,
        domain="[('company_id', 'in', [company_id, False]), ('currency_id', '=', currency_id)]",
    )
    interval = fields.Selection([("month", "Monthly"), ("year", "Yearly")], "Paid", required=True)
    users = fields.Float("Extra Users", digits=(12, 0))
    storage = fields.Float("Extra Storage (GB)", digits=(12, 0))
    has_former_prices = fields.Boolean(related="subscription_id.has_former_prices")
    at_present_prices = fields.Boolean(
        "At the Plan's Present Prices",
        help="The plan's prices have changed since. Without this mark, whoever has subscribed keeps theirs.",
    )
    is_now = fields.Boolean(compute="_compute_preview")
    day = fields.Date("From", compute="_compute_preview")
    credit = fields.Monetary("Paid for These Days", compute="_compute_preview")
    charge = fields.Monetary("New Price for These Days", compute="_compute_preview")
    amount = fields.Monetary("Invoiced Now", compute="_compute_preview", help="Without taxes.")
    recurring = fields.Monetary("Then per Period", compute="_compute_preview", help="Without taxes.")
    problems = fields.Text(compute="_compute_preview")

    @api.model
    def default_get(self, fields_list):
        """Override of `default_get` to begin with the contract as it is."""
        values = super().default_get(fields_list)
        subscription = self.env["saas.subscription"].browse(values.get("subscription_id"))
        present = {
            "plan_id": subscription.plan_id.id,
            "interval": subscription.interval,
            "users": subscription._get_quantity("users"),
            "storage": subscription._get_quantity("storage"),
        }
        return {**{name: value for name, value in present.items() if name in fields_list}, **values}

    def _get_wanted(self):
        return Wanted(self.plan_id, self.interval, self.users, self.storage, self.at_present_prices)

    @api.depends("plan_id", "interval", "users", "storage", "at_present_prices")
    def _compute_preview(self):
        for wizard in self:
            subscription, wanted = wizard.subscription_id._origin, wizard._get_wanted()
            if not subscription or not wanted.plan or not wanted.interval:
                wizard.update(dict.fromkeys(("is_now", "day", "problems"), False))
                wizard.update(dict.fromkeys(("credit", "charge", "amount", "recurring"), 0))
                continue
            preview = subscription._preview_change(wanted._replace(plan=wanted.plan._origin))
            wizard.update({**preview, "problems": "\n".join(preview["problems"]) or False})

    def action_confirm(self):
        """Make the change that was previewed."""
        self.ensure_one()
        self.subscription_id._change(self._get_wanted())
        return {"type": "ir.actions.act_window_close"}
