from odoo import api, fields, models

from ..compat import Constraint


class SaasSubscriptionStep(models.Model):
    """One step that an unpaid invoice has led to. There is at most one row for each, so nothing happens twice."""

    _name = "saas.subscription.step"
    _description = "Step of Dunning"
    _order = "id desc"

    subscription_id = fields.Many2one("saas.subscription", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True)
    move_id = fields.Many2one("account.move", "Invoice", required=True, index=True, ondelete="cascade", readonly=True)
    code = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        lambda self: list(self.env["saas.subscription"]._get_dunning_labels().items()), required=True, readonly=True
    )
    name = fields.Char(compute="_compute_name")
    day = fields.Date("Due", required=True, readonly=True)
    done_at = fields.Datetime("Done", required=True, readonly=True, default=fields.Datetime.now)
    is_passed_over = fields.Boolean(
        "Passed Over", readonly=True, help="It came due together with a later one, and only that was carried out."
    )
    is_undone = fields.Boolean("Undone", readonly=True, help="A payment has undone it.")
    mail_id = fields.Many2one(
        "mail.mail", readonly=True, ondelete="set null", groups="saas_manager.group_administrator"
    )

    _code_unique = Constraint("UNIQUE (subscription_id, move_id, code)", "This step was carried out already.")

    @api.depends("kind")
    def _compute_name(self):
        labels = self.env["saas.subscription"]._get_dunning_labels()
        for step in self:
            step.name = labels.get(step.kind, step.kind)
