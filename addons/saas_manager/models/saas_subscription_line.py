from odoo import api, fields, models
from odoo.exceptions import UserError

from ..compat import Constraint
from ..saas_engine import proration

# What an add-on adds to the limits of the plan, per unit.
EXTRA_LIMITS = {"users": ("max_users", 1), "storage": ("max_storage_mb", 1024)}


class SaasSubscriptionLine(models.Model):
    """One thing on the invoice of each period: the plan, more users, more storage, or what else was agreed."""

    _name = "saas.subscription.line"
    _description = "Line of a Subscription"
    _order = "subscription_id, sequence, id"

    subscription_id = fields.Many2one("saas.subscription", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="subscription_id.company_id", store=True)
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [("plan", "Plan"), ("users", "Extra Users"), ("storage", "Extra Storage (GB)"), ("other", "Other")],
        required=True,
        default="users",
    )
    name = fields.Char("Description", compute="_compute_name", store=True, readonly=False, precompute=True)
    product_id = fields.Many2one("product.product", help="Empty: the plan's product. It decides the taxes.")
    quantity = fields.Float(default=1, digits=(12, 2), required=True)
    price_unit = fields.Float(
        "Price",
        digits="Product Price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        precompute=True,
        help="Per unit and period, without taxes. A plan that becomes dearer later does not change it.",
    )
    discount_percent = fields.Float("Discount (%)", digits=(5, 2))
    discount_amount = fields.Monetary("Discount", help="Taken off the line, after the percentage.")
    discount_periods = fields.Integer("Discounted Periods", help="For how many periods in all. 0: for all of them.")
    discounts_given = fields.Integer(readonly=True, copy=False, help="How many periods were billed with the discount.")
    amount = fields.Monetary("Next Amount", compute="_compute_amount", store=True)

    _percent = Constraint("CHECK (discount_percent BETWEEN 0 AND 100)", "A discount is between 0 and 100 percent.")
    _positive = Constraint(
        "CHECK (quantity >= 0 AND price_unit >= 0 AND discount_amount >= 0 AND discount_periods >= 0)",
        "Quantities, prices and discounts can't be negative.",
    )
    _one_plan = Constraint("EXCLUDE (subscription_id WITH =) WHERE (kind = 'plan')", "A subscription has one plan.")

    @api.depends("kind", "subscription_id.plan_id")
    def _compute_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for line in self:
            line.name = line.subscription_id.plan_id.name if line.kind == "plan" else labels.get(line.kind)

    # The plan's prices are not among these on purpose: who has subscribed keeps the price.
    @api.depends("kind", "subscription_id.plan_id", "subscription_id.interval")
    def _compute_price_unit(self):
        for line in self:
            if line.kind != "other":
                line.price_unit = line.subscription_id.plan_id._get_price(line.kind, line.subscription_id.interval)

    @api.depends(
        *("quantity", "price_unit", "discount_percent", "discount_amount", "discount_periods", "discounts_given"),
        "subscription_id.currency_id",
    )
    def _compute_amount(self):
        for line in self:
            line.amount = line._get_amount(has_discount=line._has_discount())

    def _get_amount(self, has_discount):
        """Return what this line costs for a whole period, without taxes, in the currency's own steps."""
        step = self.currency_id.rounding or 0.01
        full = proration.exact(self.quantity) * proration.exact(self.price_unit)
        percent, fixed = (self.discount_percent, self.discount_amount) if has_discount else (0, 0)
        return float(proration.discounted(full, percent, fixed, step))

    def _get_fixed_discount(self):
        """Return what is taken off as an amount: never more than the line costs."""
        left = proration.exact(self.quantity) * proration.exact(self.price_unit)
        left = proration.discounted(left, self.discount_percent, 0, self.currency_id.rounding or 0.01)
        return float(min(left, proration.exact(self.discount_amount)))

    def _has_discount(self):
        """Tell whether the next period is billed with the discount."""
        return not self.discount_periods or self.discounts_given < self.discount_periods

    def _get_product(self):
        """Return the product that decides name, account and taxes on the invoice."""
        return self.product_id or self.subscription_id.plan_id._get_product()

    # === LIMITS === #

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` to publish what was bought beside the plan."""
        lines = super().create(values_list)
        lines._publish_extras()
        return lines

    def write(self, values):
        """Override of `write` to publish what was bought beside the plan."""
        if values.get("kind", "plan") != "plan":
            self._check_is_no_plan()
        result = super().write(values)
        if {"quantity", "kind"}.intersection(values):
            self._publish_extras()
        return result

    def unlink(self):
        """Override of `unlink` to take back what was bought beside the plan."""
        subscriptions = self.filtered(lambda line: line.kind in EXTRA_LIMITS).subscription_id
        result = super().unlink()
        subscriptions._publish_limits()
        return result

    @api.ondelete(at_uninstall=False)
    def _check_is_no_plan(self):
        """Keep the line of the plan: without it nothing would be billed for what goes on running."""
        if "plan" in self.mapped("kind"):
            raise UserError(self.env._("The line of the plan stays. Change the plan, or cancel the subscription."))

    def _publish_extras(self):
        self.filtered(lambda line: line.kind in EXTRA_LIMITS).subscription_id._publish_limits()
