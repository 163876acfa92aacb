from odoo import api, fields, models

from ..compat import Constraint
from .saas_instance_suspension import PUBLISHED_STATES


class SaasUsageAlert(models.Model):
    """That a rule matches an instance: one activity while it lasts, one note at the end."""

    _name = "saas.usage.alert"
    _description = "Usage Alert"
    _order = "id desc"
    _rec_name = "rule_id"

    rule_id = fields.Many2one("saas.usage.rule", required=True, index=True, ondelete="cascade", readonly=True)
    instance_id = fields.Many2one("saas.instance", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="instance_id.company_id", store=True)
    partner_id = fields.Many2one(related="instance_id.partner_id", string="Customer", store=True)
    since = fields.Date(required=True, readonly=True, help="The first day that the rule matched.")
    until = fields.Date(readonly=True, help="Empty: it lasts.")
    value = fields.Float(digits=(16, 1), readonly=True, aggregator=None, help="What was found at the last look.")
    threshold = fields.Float(related="rule_id.threshold", aggregator=None)
    activity_ids = fields.Many2many("mail.activity", readonly=True, groups="saas_manager.group_user")

    _one_at_a_time = Constraint(
        "EXCLUDE (rule_id WITH =, instance_id WITH =) WHERE (until IS NULL)",
        "This rule rings for the instance already.",
    )

    @api.model
    def _begin(self, rule, instance, finding):
        """Begin an alert, and put it on somebody's list.

        :param Finding finding: of the engine
        """
        activities = self.env["mail.activity"]
        for user in rule._get_users(instance):
            activities |= instance.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=rule.name,
                note=rule._get_sentence(finding.value),
                user_id=user.id,
            )
        return self.sudo().create(
            {
                "rule_id": rule.id,
                "instance_id": instance.id,
                "since": finding.day,
                "value": finding.value,
                "activity_ids": [(6, 0, activities.ids)],
            }
        )

    def _end(self, message):
        """End alerts: their activities go, and a note on the instance says why.

        :param str message: why, in words
        """
        today = self.env["saas.usage"]._today()
        for alert in self:
            alert.sudo().activity_ids.unlink()
            name = alert.rule_id.name
            alert.instance_id.message_post(body=self.env._('Alert "%(rule)s": %(message)s', rule=name, message=message))
        self.sudo().write({"until": today})

    @api.model
    def _end_of_unmeasured(self):
        """End the alerts of instances that are not measured any more."""
        gone = [("until", "=", False), ("instance_id.state", "not in", list(PUBLISHED_STATES))]
        self.search(gone)._end(self.env._("The instance is gone."))
