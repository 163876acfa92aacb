from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..compat import Constraint
from ..saas_engine import usage_rules

HAS_MINIMUM = ("storage_growth", "error_rate")


class SaasUsageRule(models.Model):
    """When somebody is to look at an instance because of its usage. `saas.usage.alert` remembers what it rings for."""

    _name = "saas.usage.rule"
    _description = "Usage Alert Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    metric = fields.Selection(
        [
            ("storage_growth", "Growth of storage in a day (%)"),
            ("storage", "Storage (MB)"),
            ("error_rate", "Errors of all requests (%)"),
            ("requests", "Requests in a day"),
            ("active_users", "Active users in a day"),
            ("users", "Internal users"),
            ("mails", "Mails in a day"),
            ("cron_seconds", "Scheduled actions in a day (s)"),
        ],
        "What",
        required=True,
        default="error_rate",
    )
    comparison = fields.Selection([("above", "is above"), ("below", "is below")], required=True, default="above")
    threshold = fields.Float(required=True, default=0, digits=(16, 1))
    minimum = fields.Float(
        "At Least",
        digits=(16, 1),
        help="What is smaller rings no bell: growth in MB, or the requests of the day among which errors are counted.",
    )
    plan_ids = fields.Many2many("saas.plan", string="Plans", help="Empty: instances of all plans.")
    company_id = fields.Many2one("res.company", index=True, help="Empty: instances of every company.")
    user_id = fields.Many2one(
        "res.users", "Responsible", domain="[('share', '=', False)]", help="Empty: every administrator."
    )
    alert_ids = fields.One2many("saas.usage.alert", "rule_id", string="Alerts")
    open_count = fields.Integer("Open Alerts", compute="_compute_open_count")

    _minimum_positive = Constraint("CHECK (minimum >= 0)", "The smallest value that counts can't be negative.")

    @api.depends("alert_ids.until")
    def _compute_open_count(self):
        groups = self.env["saas.usage.alert"]._read_group(
            [("rule_id", "in", self.ids), ("until", "=", False)], ["rule_id"], ["__count"]
        )
        counts = {rule.id: count for rule, count in groups}
        for rule in self:
            rule.open_count = counts.get(rule.id, 0)

    @api.constrains("user_id")
    def _check_user(self):
        for rule in self.filtered("user_id"):
            if not rule.user_id.has_group("saas_manager.group_user"):
                raise ValidationError(
                    self.env._("%(user)s is no user of the SaaS manager.", user=rule.user_id.display_name)
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_end_alerts(self):
        self.alert_ids.filtered(lambda alert: not alert.until)._end(self.env._("The rule was deleted."))

    def action_view_alerts(self):
        """Open what this rule rings or has rung for."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_usage_alert_action")
        return {**action, "domain": [("rule_id", "=", self.id)], "context": {}}

    # === EVALUATION === #

    @api.model
    def _job_evaluate(self, model, ids):
        """Look at the newest days of some resources, each on its own, with every rule.

        :param str model: a key of `_get_resource_fields` of `saas.usage`; rules are about instances only
        :param list ids: of its records
        """
        if model != "saas.instance":
            return self.env._("Rules are about instances.")
        today = self.env["saas.usage"]._today()
        instances = self.env[model].browse(ids).exists()
        days = self.env["saas.usage"]._get_known_days(instances, [today - timedelta(days=ago) for ago in range(3)])
        rules, failed = self.search([]), 0
        for instance in instances:
            failed += not rules._evaluate_safely(instance, days[instance.id], today)
        return self.env._("%(count)s looked at, %(failed)s failed.", count=len(instances), failed=failed)

    def _evaluate_safely(self, instance, days, today):
        """Apply the rules to one instance; return whether it went well. What goes wrong is left out and reported."""
        _result, problem = instance._attempt("alert rules", self._evaluate, instance, days, today)
        if problem:
            instance._report_problem(problem, self.env._("Alert rules can't be applied to its usage"))
        return not problem

    def _evaluate(self, instance, days, today):
        """Begin and end the alerts of one instance.

        :param dict days: what is known of it, as `usage_rules.find` reads it
        """
        alerts = self.env["saas.usage.alert"].search([("instance_id", "=", instance.id), ("until", "=", False)])
        rules = self.filtered(lambda rule: rule._applies_to(instance))
        alerts.filtered(lambda alert: alert.rule_id not in rules)._end(self.env._("The rule does not apply any more."))
        for rule in rules:
            finding = usage_rules.find(rule.metric, days, today)
            if finding:
                rule._act_on(instance, finding, alerts.filtered(lambda alert, rule=rule: alert.rule_id == rule))

    def _act_on(self, instance, finding, alert):
        """Begin an alert, bring it up to date or end it.

        :param Finding finding: of the engine
        :param alert: the one that rings already, or none
        """
        self.ensure_one()
        minimum = self.minimum if self.metric in HAS_MINIMUM else 0
        if usage_rules.matches(finding, self.comparison, self.threshold, minimum):
            alert.write({"value": finding.value}) if alert else alert._begin(self, instance, finding)
        elif alert:
            alert._end(self.env._("It is over: %(what)s.", what=self._get_sentence(finding.value)))

    def _applies_to(self, instance):
        """Tell whether this rule is about an instance."""
        self.ensure_one()
        is_plan = not self.plan_ids or instance.plan_id in self.plan_ids
        return is_plan and self.company_id in (instance.company_id, self.env["res.company"])

    def _get_users(self, instance):
        """Return who hears of an alert: whoever is responsible and may see the instance, else the administrators."""
        self.ensure_one()
        user = self.user_id
        if user.active and instance.company_id in user.company_ids and user.has_group("saas_manager.group_user"):
            return user
        return instance._get_failure_users()

    def _get_sentence(self, value):
        """Return in words what was found."""
        self.ensure_one()
        labels = dict(self._fields["metric"]._description_selection(self.env))
        return self.env._("%(what)s: %(value).1f", what=labels[self.metric], value=value)
