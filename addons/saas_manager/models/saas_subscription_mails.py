from odoo import models


class SaasSubscriptionMails(models.Model):
    """What the customer hears of the life of a contract: each mail is written together with what it tells.

    Mails about payments are the dunning's (`saas_subscription_dunning.py`), the one about the end of a trial is in
    `saas_subscription_trial.py`.
    """

    _inherit = "saas.subscription"

    def _mail_customer(self, code):
        """Queue a mail to the customer, in their language, and put it on the timeline. May be overridden to send none.

        :param str code: the template is `mail_template_<code>`
        """
        self.ensure_one()
        if not self._get_invoice_partner().email:
            self._log_event("mail", self.env._("No mail: the customer has no email address."), "warning")
            return
        mail = self._queue_mail(f"saas_manager.mail_template_{code}")
        self._log_event("mail", self.env._("Mail to the customer: %(subject)s", subject=mail.subject))

    def _get_addresses_for_mail(self):
        """Return the addresses of the instances that a mail names."""
        return [
            url for url in self.sudo().instance_ids.filtered(lambda each: not each._saas_is_gone()).mapped("url") if url
        ]
