from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..compat import Constraint
from ..saas_engine import contract, periods


class SaasSubscription(models.Model):
    """What a customer pays for, and what drives all that they get for it.

    Files `saas_subscription_*.py` hold one subject each: life, resources, billing, invoices, payments, dunning,
    change of plan, crons.
    """

    _name = "saas.subscription"
    _inherit = ["saas.lifecycle.mixin", "saas.job.mixin", "mail.thread"]
    _description = "Subscription"
    _order = "id desc"

    _lifecycle = contract.TRANSITIONS
    _lifecycle_protected = frozenset(
        [
            *("state", "anchor", "next_period_start", "trial_end", "trial_reminded_at", "state_before_suspension"),
            *("cancel_on", "cancel_reason", "end_cause", "ended_on"),
            *("problem", "pending_plan_id", "pending_interval", "pending_users", "pending_storage"),
            *("is_suspended_by_hand", "suspension_reason"),
            "pending_present_prices",
        ]
    )
    # What invoices were made from: changed by the wizards alone once the contract runs.
    _fixed_after_draft = frozenset(
        ["partner_id", "company_id", "plan_id", "interval", "currency_id", "start_date", "billing_engine"]
    )

    name = fields.Char("Number", required=True, readonly=True, copy=False, default=lambda self: self.env._("New"))
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, index=True, ondelete="restrict", tracking=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    plan_id = fields.Many2one(
        "saas.plan",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('company_id', 'in', [company_id, False])]",
        default=lambda self: self.env["saas.instance"]._default_plan_id(),
    )
    interval = fields.Selection(
        [("month", "Monthly"), ("year", "Yearly")], "Paid", required=True, default="month", tracking=True
    )
    billing_engine = fields.Selection(
        [("manual", "Odoo Invoices"), ("free", "Free"), ("external", "Invoiced Elsewhere")],
        "Billing",
        required=True,
        default="manual",
        help="Odoo Invoices: each period makes an invoice that the customer pays. Free: nothing is ever to be paid."
        " Invoiced Elsewhere: only the states are kept here; you say when something is not paid.",
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, compute="_compute_currency_id", store=True, precompute=True
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("trial", "Trial"),
            ("active", "Active"),
            ("past_due", "Past Due"),
            ("suspended", "Suspended"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        required=True,
        default="draft",
        index=True,
        copy=False,
        tracking=True,
    )
    start_date = fields.Date("Start", help="Empty: the day it is started. With a trial, the trial begins then.")
    trial_days = fields.Integer(compute="_compute_trial_days", store=True, readonly=False, precompute=True)
    trial_end = fields.Date("First Day After the Trial", readonly=True, copy=False)
    auto_renew = fields.Boolean("Renews Itself", default=True, tracking=True)
    anchor = fields.Integer(readonly=True, copy=False, help="The day of the month that periods begin on.")
    next_period_start = fields.Date(
        "Next Period", readonly=True, copy=False, index=True, help="The first day that is not billed yet."
    )
    line_ids = fields.One2many("saas.subscription.line", "subscription_id", string="Lines", copy=True)
    period_ids = fields.One2many("saas.subscription.period", "subscription_id", string="Periods", readonly=True)
    instance_ids = fields.One2many("saas.instance", "subscription_id", string="Instances")
    instance_count = fields.Integer(compute="_compute_instance_count")
    event_ids = fields.One2many("saas.event", "subscription_id", string="Timeline", groups="saas_manager.group_user")
    recurring_amount = fields.Monetary(
        "Per Period", compute="_compute_amounts", store=True, help="Without taxes, discounts taken off."
    )
    monthly_amount = fields.Monetary(
        "Per Month",
        compute="_compute_amounts",
        store=True,
        groups="saas_manager.group_user",
        help="The price of a period, spread over its months, without taxes.",
    )

    _name_unique = Constraint("UNIQUE (name, company_id)", "Another subscription has this number.")
    _trial_positive = Constraint("CHECK (trial_days >= 0)", "A trial can't have less than no days.")

    # === COMPUTES === #

    @api.depends("plan_id")
    def _compute_currency_id(self):
        for subscription in self:
            subscription.currency_id = subscription.plan_id.currency_id or subscription.company_id.currency_id

    @api.depends("plan_id")
    def _compute_trial_days(self):
        for subscription in self:
            subscription.trial_days = subscription.plan_id.trial_days

    @api.depends("line_ids.amount", "interval")
    def _compute_amounts(self):
        for subscription in self:
            amount = sum(subscription.line_ids.mapped("amount"))
            subscription.recurring_amount = amount
            subscription.monthly_amount = amount / periods.MONTHS[subscription.interval or "month"]

    @api.depends("instance_ids")
    def _compute_instance_count(self):
        for subscription in self:
            subscription.instance_count = len(subscription.instance_ids)

    # === CRUD === #

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` to give a number, and a line for the plan."""
        subscriptions = super().create([{**values, "name": self._get_next_number(values)} for values in values_list])
        for subscription in subscriptions:
            if "plan" not in subscription.line_ids.mapped("kind"):
                subscription.line_ids = [fields.Command.create({"kind": "plan"})]
        return subscriptions

    @api.model
    def _get_next_number(self, values):
        company = values.get("company_id") or self.env.company.id
        sequence = self.env["ir.sequence"].with_company(company).sudo()
        return sequence.next_by_code("saas.subscription") or self.env._("New")

    def _get_fixed_message(self, labels):
        """Override of `_get_fixed_message`: periods were billed with these."""
        return self.env._("%(fields)s can't be changed after the subscription began.", fields=labels)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_drafts(self):
        for subscription in self:
            if subscription.state != "draft":
                raise UserError(
                    self.env._('"%(name)s" has begun: cancel it instead of deleting it.', name=subscription.name)
                )

    @api.constrains("plan_id", "company_id")
    def _check_company(self):
        for subscription in self:
            if subscription.plan_id.company_id not in (subscription.company_id, self.env["res.company"]):
                raise ValidationError(self.env._("This plan is sold by another company."))

    # === DAYS AND WORDS === #

    def _today(self):
        """Return the date where the company is: a contract does not end hours early on the other side of the world."""
        self.ensure_one()
        zone = self.sudo().company_id.partner_id.tz or "UTC"
        return fields.Date.context_today(self.with_context(tz=zone))

    def _log_event(self, kind, message, level="info"):
        return self.env["saas.event"]._log(self, kind, message, level)

    # === ACTIONS === #

    def action_view_instances(self):
        """Open the instances that this subscription pays for."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_instance_action")
        context = {
            "default_subscription_id": self.id,
            "default_partner_id": self.partner_id.id,
            "default_plan_id": self.plan_id.id,
        }
        return {**action, "domain": [("subscription_id", "=", self.id)], "context": context}

    def action_open_change_wizard(self):
        """Ask for another plan or other add-ons, and show what it costs."""
        if self.has_access("write"):
            self._catch_up()
        return self._get_wizard_action("saas.subscription.change.wizard", self.env._("Change the Subscription"))

    def action_open_cancel_wizard(self):
        """Ask when it ends, and why."""
        return self._get_wizard_action("saas.subscription.cancel.wizard", self.env._("Cancel the Subscription"))

    def _get_wizard_action(self, model, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_subscription_id": self.id},
        }
