from odoo import models

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .. import gateway, mail_identity
from .mail_mail import COUNTED


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _prepare_email_message(self, message, smtp_session):
        """Override of `_prepare_email_message` (18.0), the last step before a mail leaves."""
        return self._saas_check(super()._prepare_email_message(message, smtp_session), smtp_session)

    def _prepare_email_message__(self, message, smtp_session):  # noqa: PLW3201 - its name in 19.0
        """Override of `_prepare_email_message__` (19.0), the last step before a mail leaves."""
        return self._saas_check(super()._prepare_email_message__(message, smtp_session), smtp_session)

    def _saas_check(self, prepared, smtp_session):
        """Count a mail that nobody has counted yet, and see to it that it leaves under this tenant's name.

        :param tuple prepared: sender on the envelope, recipients, message
        """
        smtp_from, recipients, message = prepared
        if self.env.context.get("saas_mails_counted") is not COUNTED:
            refusal = gateway.reserve_mails(self.env, len(recipients))
            if refusal:
                reason = self.env["mail.mail"]._get_waiting_reason(refusal, len(recipients))
                raise MailDeliveryException(self.env._("Mail Delivery Failed"), reason)
        hosts = gateway.hosts_of(self.env)
        if hosts and mail_identity.is_shared(smtp_session):
            smtp_from = mail_identity.own(message, smtp_from, self._saas_get_senders(hosts))
        return smtp_from, recipients, message

    def _saas_get_senders(self, hosts):
        """Return the addresses to send under when others were asked for.

        :param hosts: what the gateway says is this tenant's own; settings that a tenant can change count less
        """
        company = self.env.company.sudo()
        parameter = self.env["ir.config_parameter"].sudo().get_param("mail.default.from_filter") or ""
        host = next((name for name in (company.alias_domain_id.name, parameter) if name in hosts), hosts[0])
        return mail_identity.Senders(
            hosts=frozenset(hosts),
            address=mail_identity.address_in(hosts, company.default_from_email) or f"notifications@{host}",
            bounce=mail_identity.address_in(hosts, company.bounce_email) or f"bounce@{host}",
        )
