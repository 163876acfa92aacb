import math

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..compat import Constraint


class SaasPlan(models.Model):
    """What a customer can buy: a price and the limits that go with it."""

    _name = "saas.plan"
    _description = "Plan"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Text(translate=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: every company sells this plan.")
    currency_id = fields.Many2one("res.currency", required=True, default=lambda self: self.env.company.currency_id)
    price_month = fields.Monetary("Price per Month")
    price_year = fields.Monetary("Price per Year")
    price_user_month = fields.Monetary("Extra User per Month")
    price_user_year = fields.Monetary("Extra User per Year")
    price_storage_month = fields.Monetary("Extra GB per Month")
    price_storage_year = fields.Monetary("Extra GB per Year")
    product_id = fields.Many2one(
        "product.product",
        domain="[('type', '=', 'service')]",
        help="What stands on invoices; it decides account and taxes. Empty: SaaS Subscription.",
    )
    trial_days = fields.Integer(default=14)
    max_users = fields.Integer("Internal Users", default=5, help="0: unlimited")
    max_storage_gb = fields.Float("Storage (GB)", default=5, help="Database and files together. 0: unlimited")
    max_mails_hour = fields.Integer("Mails per Hour", default=100, help="Counted per recipient. 0: unlimited")
    max_mails_day = fields.Integer(
        "Mails per Day", default=500, help="Counted per recipient, over the last 24 hours. 0: unlimited"
    )
    connection_limit = fields.Integer(
        "Database Connections", default=20, required=True, help="What one tenant can take from the cluster at most."
    )
    statement_seconds = fields.Integer(
        "Longest Database Statement",
        default=600,
        help="A statement that takes longer is ended, waiting for locks included. 0: unlimited",
    )
    idle_transaction_seconds = fields.Integer(
        "Longest Idle Transaction",
        default=300,
        help="A transaction that is open and does nothing for so long is ended with its locks. 0: unlimited",
    )
    temp_file_mb = fields.Integer(
        "Temporary Files (MB)",
        default=1024,
        help="What the sorts of one database session may write to the disk of the server. 0: unlimited",
    )
    template_ids = fields.Many2many("saas.template", string="Templates", help="Empty: all templates.")
    instance_ids = fields.One2many("saas.instance", "plan_id", string="Instances")
    instance_count = fields.Integer(compute="_compute_instance_count", string="Number of Instances")

    _code_unique = Constraint("UNIQUE (code)", "Another plan has this code.")
    _limits_positive = Constraint(
        "CHECK (max_users >= 0 AND max_storage_gb >= 0 AND trial_days >= 0 AND connection_limit > 0)",
        "Limits can't be negative, and a tenant needs at least one database connection.",
    )
    _database_limits_positive = Constraint(
        "CHECK (statement_seconds >= 0 AND idle_transaction_seconds >= 0 AND temp_file_mb >= 0)",
        "Limits can't be negative.",
    )
    _mails_positive = Constraint("CHECK (max_mails_hour >= 0 AND max_mails_day >= 0)", "Limits can't be negative.")
    _prices_positive = Constraint("CHECK (price_month >= 0 AND price_year >= 0)", "Prices can't be negative.")
    _extras_positive = Constraint(
        "CHECK (price_user_month >= 0 AND price_user_year >= 0"
        " AND price_storage_month >= 0 AND price_storage_year >= 0)",
        "Prices can't be negative.",
    )

    @api.constrains("currency_id")
    def _check_price_digits(self):
        """Refuse a currency with more decimals than invoices write prices with: each would be rounded."""
        digits = self.env["decimal.precision"].precision_get("Product Price")
        for currency in self.currency_id.filtered(lambda each: each.decimal_places > digits):
            raise ValidationError(
                self.env._(
                    "Prices in %(currency)s have %(decimals)s decimals, invoices write them with %(digits)s. First"
                    ' raise "Product Price" under Settings / Technical / Decimal Accuracy.',
                    currency=currency.name,
                    decimals=currency.decimal_places,
                    digits=digits,
                )
            )

    def _compute_instance_count(self):
        groups = self.env["saas.instance"]._read_group([("plan_id", "in", self.ids)], ["plan_id"], ["__count"])
        counts = {plan.id: count for plan, count in groups}
        for plan in self:
            plan.instance_count = counts.get(plan.id, 0)

    def _get_price(self, kind, interval):
        """Return what one unit costs per period, without taxes, in the plan's currency.

        :param str kind: ``plan``, ``users`` or ``storage``, as on a line of a subscription
        :param str interval: ``month`` or ``year``
        """
        names = {"plan": "price_%s", "users": "price_user_%s", "storage": "price_storage_%s"}
        return self[names[kind] % interval] if self and kind in names and interval else 0

    def _get_product(self):
        """Return the product that stands on invoices for this plan."""
        return self.product_id or self.env.ref("saas_manager.product_subscription")

    def _prepare_limits(self):
        """Return the limits that the directory publishes for an instance of this plan. Addons add their own."""
        self.ensure_one()
        return {
            "plan": self.code,
            "max_users": self.max_users,
            # A limit of less than a megabyte is one, too: 0 would be none at all.
            "max_storage_mb": math.ceil(self.max_storage_gb * 1024),
            "max_mails_hour": self.max_mails_hour,
            "max_mails_day": self.max_mails_day,
            **self._prepare_role_limits(),
        }

    def _prepare_role_limits(self):
        """Return what the tenant's role in PostgreSQL may take: the words of `saas_engine/role_settings.py`."""
        return {
            "max_connections": self.connection_limit,
            "max_statement_seconds": self.statement_seconds,
            "max_idle_seconds": self.idle_transaction_seconds,
            "max_temp_mb": self.temp_file_mb,
        }

    def action_view_instances(self):
        """Open the instances of this plan."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_instance_action")
        return {**action, "domain": [("plan_id", "=", self.id)], "context": {"default_plan_id": self.id}}
