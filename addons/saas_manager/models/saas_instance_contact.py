from odoo import models


class SaasInstanceContact(models.Model):
    """Whom a customer asks when their plan is too small: published beside its limits."""

    _inherit = "saas.instance"

    def _prepare_limits(self):
        """Override of `_prepare_limits` to add whom to ask, and to name the plan in the administrator's language."""
        limits = super()._prepare_limits()
        return {
            **limits,
            "plan_name": self._get_plan_name(),
            "contact": self._get_contact(),
            "account_url": self._get_account_url(),
        }

    def _get_plan_name(self):
        return self._in_administrators_language(self.plan_id).name

    def _in_administrators_language(self, records):
        """Return records with their names in the language of the instance's administrator, if it is installed here."""
        languages = dict(self.env["res.lang"].get_installed())
        return records.with_context(lang=self.admin_lang if self.admin_lang in languages else "en_US")

    def _get_contact(self):
        """Return in words whom to ask for a larger plan: the company that sells it."""
        company = self.company_id.sudo()
        return f"{company.name} ({company.email})" if company.email else company.name

    def _get_account_url(self):
        """Return where the customer sees what they have and what they pay."""
        return f"{self.get_base_url()}/my"
