from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

_lt = LazyTranslate(__name__)


class Preset(NamedTuple):
    """What a provider's documentation says of its SMTP relay, and where its user name and password are found."""

    host: str
    user: str
    hint: object


PORT, ENCRYPTION = 587, "starttls"
PRESETS = {
    "sendgrid": Preset(
        "smtp.sendgrid.net",
        "apikey",
        _lt("The user name is the word apikey. The password is an API key: Settings > API Keys."),
    ),
    "mailgun": Preset(
        "smtp.mailgun.org",
        "",
        _lt("Sending > Domain settings > SMTP credentials. Domains of the EU region: smtp.eu.mailgun.org."),
    ),
    "ses": Preset(
        "email-smtp.eu-central-1.amazonaws.com",
        "",
        _lt("SMTP settings > Create SMTP credentials; these are not your access keys. The host names your region."),
    ),
    "postmark": Preset(
        "smtp.postmarkapp.com", "", _lt("User name and password are both the server's API token: Servers > API Tokens.")
    ),
}


class IrMailServer(models.Model):
    """Presets of providers, and a test that sends what customers would get."""

    _inherit = "ir.mail_server"

    saas_provider = fields.Selection(
        [
            ("sendgrid", "SendGrid"),
            ("mailgun", "Mailgun"),
            ("ses", "Amazon SES"),
            ("postmark", "Postmark"),
            ("own", "Own server"),
        ],
        "Provider",
        help="Fills in what the provider's documentation says. You still need its user name and password.",
    )
    saas_provider_hint = fields.Char(compute="_compute_saas_provider_hint")

    @api.depends("saas_provider")
    def _compute_saas_provider_hint(self):
        for server in self:
            preset = PRESETS.get(server.saas_provider)
            server.saas_provider_hint = preset and str(preset.hint)

    @api.onchange("saas_provider")
    def _onchange_saas_provider(self):
        preset = PRESETS.get(self.saas_provider)
        if preset:
            self.smtp_authentication, self.smtp_encryption = "login", ENCRYPTION
            self.smtp_host, self.smtp_port, self.smtp_user = preset.host, PORT, preset.user
            self.name = (
                self.name or dict(self._fields["saas_provider"]._description_selection(self.env))[self.saas_provider]
            )

    @api.onchange("smtp_encryption")
    def _onchange_encryption(self):
        """Override of `_onchange_encryption`, which would choose the port, to keep that of the provider."""
        result = super()._onchange_encryption()
        if self.saas_provider in PRESETS:
            self.smtp_port = PORT
        return result

    def action_saas_send_test_mails(self):
        """Send one of each of the manager's mails through this server to the person who asks.

        :raise UserError: nothing to show in a mail, no address to send to, or what the mail server said
        """
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.email:
            raise UserError(self.env._("Your user has no email address to send to: enter one in your preferences."))
        templates = self._saas_get_mail_templates()
        samples = {template: self.env[template.model].search([], limit=1) for template in templates}
        missing = ", ".join(template.name for template, sample in samples.items() if not sample)
        if not any(samples.values()):
            raise UserError(
                self.env._("There is no record to show in %(names)s. Create an instance first.", names=missing)
            )
        for template, sample in samples.items():
            if sample:
                self._saas_send_test(template, sample)
        return self._saas_prepare_test_notification(sum(map(bool, samples.values())), missing)

    @api.model
    def _saas_get_mail_templates(self):
        """Return the mails that are tested. Addons add their own."""
        return self.env["mail.template"].search([("model", "=like", "saas.%")])

    def _saas_send_test(self, template, sample):
        # What a link is worth is the sample's customer's: the test shows a link of the same look, worth nothing.
        template = template.with_context(saas_mail_is_test=True)
        subject = template._render_field("subject", sample.ids, compute_lang=True)[sample.id]
        values = {
            "subject": self.env._("[Test] %(subject)s", subject=subject),
            "email_to": self.env.user.email_formatted,
            "email_cc": False,
            "recipient_ids": [],
            "mail_server_id": self.id,
            "auto_delete": True,
        }
        try:
            sent = template.send_mail(sample.id, force_send=True, raise_exception=True, email_values=values)
            mail = self.env["mail.mail"].sudo().browse(sent).exists()
            if mail.state == "exception":
                raise MailDeliveryException(mail.failure_reason)
        except MailDeliveryException as error:
            reason = ": ".join(str(part) for part in error.args)
            raise UserError(
                self.env._("%(name)s was not sent. %(reason)s", name=template.name, reason=reason)
            ) from error

    def _saas_prepare_test_notification(self, count, missing):
        message = self.env._(
            "%(count)s mails were sent to %(email)s. Look at them there, and at the sender.",
            count=count,
            email=self.env.user.email,
        )
        if missing:
            message += " " + self.env._(
                "Not sent, because there is no record to show in them: %(names)s.", names=missing
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message},
        }
