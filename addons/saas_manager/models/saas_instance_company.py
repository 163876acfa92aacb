from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.mail import email_normalize, email_split

from ..saas_engine.companies import CompanySpec


class SaasInstanceCompany(models.Model):
    """One more company inside an instance, with its users. The first one is the customer."""

    _name = "saas.instance.company"
    _inherit = ["saas.lifecycle.mixin"]
    _description = "Company of an Instance"
    _order = "sequence, id"

    _lifecycle = {"done": ("draft",)}

    instance_id = fields.Many2one("saas.instance", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="instance_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    country_id = fields.Many2one("res.country", ondelete="restrict")
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, readonly=False, ondelete="restrict"
    )
    user_emails = fields.Char(
        "Users",
        help="Email addresses, separated by commas. Each is invited and sees the documents of this company only.",
    )
    state = fields.Selection(
        [("draft", "To Set Up"), ("done", "Set Up")], required=True, default="draft", readonly=True, copy=False
    )

    @api.depends("country_id")
    def _compute_currency_id(self):
        for company in self:
            company.currency_id = company.country_id.currency_id or company.currency_id

    @api.constrains("user_emails")
    def _check_user_emails(self):
        for company in self:
            parts = [part.strip() for part in (company.user_emails or "").split(",") if part.strip()]
            for part in parts:
                if email_split(part) != [part] or not email_normalize(part):
                    raise ValidationError(self.env._("%(text)s is not an email address.", text=part))

    def write(self, values):
        """Override of `write` to leave alone what exists in the customer's database: the customer owns it now."""
        if not self._is_transition() and values.keys() - {"sequence"} and "done" in self.mapped("state"):
            raise UserError(self.env._("The company is set up already. Change it inside the instance."))
        return super().write(values)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(company.state == "done" and company.instance_id.state != "terminated" for company in self):
            raise UserError(self.env._("The company is set up already. Archive it inside the instance."))

    def _prepare_company_spec(self):
        """Return what the engine needs to know about this company."""
        self.ensure_one()
        emails = [email_normalize(email) for email in email_split(self.user_emails or "")]
        return CompanySpec(
            key=str(self.id),
            name=self.name,
            country=self.country_id.code or "",
            currency=self.currency_id.name or "",
            emails=tuple(dict.fromkeys(emails)),
        )
