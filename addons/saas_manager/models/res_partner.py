from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    saas_instance_ids = fields.One2many(
        "saas.instance", "partner_id", string="Instances", groups="saas_manager.group_user"
    )
    saas_subscription_ids = fields.One2many(
        "saas.subscription", "partner_id", string="Subscriptions", groups="saas_manager.group_user"
    )
    saas_subscription_count = fields.Integer(
        compute="_compute_saas_subscription_count", groups="saas_manager.group_user"
    )

    def _compute_saas_subscription_count(self):
        for partner in self:
            domain = [("partner_id", "child_of", partner.id)]
            partner.saas_subscription_count = self.env["saas.subscription"].search_count(domain)

    def action_view_saas_subscriptions(self):
        """Open the subscriptions of this customer and of their people."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_subscription_action")
        return {
            **action,
            "domain": [("partner_id", "child_of", self.id)],
            "context": {"default_partner_id": self.id},
        }
