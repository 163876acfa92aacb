from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.mail.tests.common import MockEmail

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestMailServer(SaasCase, MockEmail, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.email = "admin@partner.example"
        cls.server = cls.env["ir.mail_server"].create({"name": "Relay", "smtp_host": "relay.example"})
        cls._activate(cls.instance)
        cls.instance.company_id.email = "hello@partner.example"

    def test_presets_fill_in_the_connection(self):
        form = Form(self.env["ir.mail_server"])
        for provider, host in (
            ("sendgrid", "smtp.sendgrid.net"),
            ("mailgun", "smtp.mailgun.org"),
            ("ses", "email-smtp.eu-central-1.amazonaws.com"),
            ("postmark", "smtp.postmarkapp.com"),
        ):
            with self.subTest(provider):
                form.saas_provider = provider
                self.assertEqual((form.smtp_host, form.smtp_port, form.smtp_encryption), (host, 587, "starttls"))
                self.assertTrue(form.saas_provider_hint)
        form.smtp_host = "mail.partner.example"
        form.saas_provider = "own"
        self.assertEqual(form.smtp_host, "mail.partner.example")

    def test_a_test_of_every_mail_changes_nothing(self):
        self.env["saas.subscription"].create({"partner_id": self.customer.id})
        before = self.instance.read(["welcome_serial", "welcome_sent_at"])
        with self.mock_mail_gateway():
            result = self.server.action_saas_send_test_mails()
        self.assertEqual(len(self._mails), len(self.server._saas_get_mail_templates()))
        welcome = next(mail for mail in self._mails if "is ready" in mail["subject"])
        self.assertTrue(welcome["subject"].startswith("[Test] "))
        self.assertIn("admin@partner.example", welcome["email_to"][0])
        self.assertNotIn(self.instance._get_welcome_token(), welcome["body"])
        self.assertIn("/saas/welcome/", welcome["body"])
        self.assertEqual(self.instance.read(["welcome_serial", "welcome_sent_at"]), before)
        self.assertIn("admin@partner.example", result["params"]["message"])

    def test_mails_without_a_record_are_named(self):
        self.assertFalse(self.env["saas.subscription"].search([]))
        with self.mock_mail_gateway():
            result = self.server.action_saas_send_test_mails()
        self.assertGreaterEqual(len(self._mails), 2)
        self.assertIn("SaaS: reminder of a payment", result["params"]["message"])

    def test_what_is_missing_is_said(self):
        self.env.user.email = False
        with self.assertRaisesRegex(UserError, "no email address"):
            self.server.action_saas_send_test_mails()
        self.env.user.email = "admin@partner.example"
        refused = MailDeliveryException("Mail Delivery Failed", "relay.example: connection refused")
        with (
            patch.object(self.registry["mail.template"], "send_mail", side_effect=refused),
            self.assertRaisesRegex(UserError, "connection refused"),
        ):
            self.server.action_saas_send_test_mails()

    def test_a_mail_that_stays_behind_is_told(self):
        """Not every failure is raised: some are only noted on the mail."""
        left = self.env["mail.mail"].create({"state": "exception", "failure_reason": "mailbox full"})
        with (
            patch.object(self.registry["mail.template"], "send_mail", return_value=left.id),
            self.assertRaisesRegex(UserError, "mailbox full"),
        ):
            self.server.action_saas_send_test_mails()

    def test_system_only(self):
        self._create_users()
        with self.assertRaises(AccessError):
            self.server.with_user(self.administrator).action_saas_send_test_mails()

    def test_the_sender_is_the_company_of_the_instance(self):
        second = self.env["res.company"].create({"name": "Second", "email": "hallo@second.example"})
        theirs = self._activate(self._create_instance("theirs", company_id=second.id))
        template = self.env.ref("saas_manager.mail_template_welcome")
        senders = template._render_field("email_from", (self.instance | theirs).ids)
        self.assertIn("hello@partner.example", senders[self.instance.id])
        self.assertIn("hallo@second.example", senders[theirs.id])
