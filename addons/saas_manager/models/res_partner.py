from odoo import fields, models


class ResPartner(models.Model):
    """What a customer and their people have with us. For users of the SaaS manager only."""

    _inherit = "res.partner"

    saas_instance_ids = fields.One2many(
        "saas.instance", "partner_id", string="Instances", groups="saas_manager.group_user"
    )
    saas_instance_count = fields.Integer(compute="_compute_saas_instance_count", groups="saas_manager.group_user")
    saas_subscription_ids = fields.One2many(
        "saas.subscription", "partner_id", string="Subscriptions", groups="saas_manager.group_user"
    )
    saas_subscription_count = fields.Integer(
        compute="_compute_saas_subscription_count", groups="saas_manager.group_user"
    )
    saas_currency_id = fields.Many2one(
        "res.currency", compute="_compute_saas_subscription_count", groups="saas_manager.group_user"
    )
    saas_mrr = fields.Monetary(
        "MRR",
        currency_field="saas_currency_id",
        compute="_compute_saas_subscription_count",
        groups="saas_manager.group_user",
        help="Monthly recurring revenue of the customer and their people, in the currency of the company that you work"
        " in, at today's rate.",
    )

    def _compute_saas_instance_count(self):
        for partner in self:
            partner.saas_instance_count = self.env["saas.instance"].search_count(partner._get_saas_domain())

    def _compute_saas_subscription_count(self):
        Subscription = self.env["saas.subscription"]
        for partner in self:
            groups = Subscription._read_group(
                partner._get_saas_domain(), ["currency_id"], ["__count", "counted_amount:sum"]
            )
            partner.saas_currency_id = self.env.company.currency_id
            partner.saas_subscription_count = sum(count for _currency, count, _amount in groups)
            partner.saas_mrr = Subscription._sum_in_company_currency(
                (currency, amount) for currency, _count, amount in groups
            )

    def _get_saas_domain(self):
        """Return what belongs to a customer: their own and that of their contacts and branches."""
        self.ensure_one()
        return [("partner_id", "child_of", self.ids)]

    def action_view_saas_subscriptions(self):
        """Open the subscriptions of this customer and of their people."""
        return self._get_saas_action("saas_manager.saas_subscription_action")

    def action_view_saas_instances(self):
        """Open the instances of this customer and of their people."""
        return self._get_saas_action("saas_manager.saas_instance_action")

    def action_view_saas_revenue(self):
        """Open what this customer and their people have brought, month by month."""
        return self._get_saas_action("saas_manager.saas_subscription_report_action")

    def _get_saas_action(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {**action, "domain": self._get_saas_domain(), "context": {"default_partner_id": self.id}}
