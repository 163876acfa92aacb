import dataclasses
from contextlib import nullcontext
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.mail.tests.common import MockEmail
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.saas_manager.models import saas_instance_welcome
from odoo.addons.saas_manager.saas_engine.errors import RetryableError

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestWelcome(SaasCase, MockEmail, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._activate(cls.instance)

    def setUp(self):
        super().setUp()
        self.provisioner.connect.side_effect = lambda spec: nullcontext("connection")
        self.mint = self.startPatcher(
            patch.object(saas_instance_welcome, "mint_reset_token", return_value="/web/reset_password?token=minted")
        )
        self.instance._send_welcome()
        self.env.flush_all()
        self.path = self.instance._get_welcome_url().removeprefix(self.instance.get_base_url())

    def _post(self, path=None, **data):
        self.authenticate(None, None)
        data["csrf_token"] = Request.csrf_token(self)
        return self.url_open(path or self.path, data=data, allow_redirects=False)

    def test_reading_the_page_changes_nothing(self):
        for _ in range(3):
            page = self.url_open(self.path)
            self.assertEqual(page.status_code, 200)
            self.assertIn("Choose a password", page.text)
        self.mint.assert_not_called()
        self.assertFalse(self.instance.welcome_used_at)

    def test_posting_uses_it_up(self):
        answer = self._post()
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(answer.headers["Location"], f"{self.instance.url}/web/reset_password?token=minted")
        self.assertTrue(self.instance.welcome_used_at)
        again = self._post()
        self.assertEqual(again.status_code, 200)
        self.assertIn("used already", again.text)
        self.mint.assert_called_once()

    @mute_logger("odoo.http")
    def test_posting_without_the_form_is_refused(self):
        self.assertEqual(self.url_open(self.path, data={"x": 1}).status_code, 400)
        self.mint.assert_not_called()

    def test_forged_links(self):
        key, serial, token = self.path.split("/")[-3:]
        other = self._activate(self._create_instance("other"))
        self.env.flush_all()
        for label, path in {
            "token": f"/saas/welcome/{key}/{serial}/{token[:-2]}xx",
            "serial": f"/saas/welcome/{key}/7/{token}",
            "another instance": f"/saas/welcome/{other._key}/{serial}/{token}",
            "no such instance": f"/saas/welcome/{'0' * 32}/{serial}/{token}",
            "not a key": f"/saas/welcome/x/{serial}/{token}",
        }.items():
            with self.subTest(label):
                self.assertEqual(self.url_open(path).status_code, 404)
        self.assertEqual(self.url_open(self.path).status_code, 200)

    def test_a_link_of_the_secret_before_is_good_until_its_end(self):
        link = self.instance._get_welcome_token()
        serial, settings = self.instance.welcome_serial, self.instance._get_engine_settings()
        now = dataclasses.replace(settings, master_secret=b"another secret, made by a rotation of the secrets")
        both = dataclasses.replace(now, previous_secret=settings.master_secret)
        Instance = self.env.registry["saas.instance"]
        for known, is_found in ((settings, True), (both, True), (now, False)):
            with self.subTest(known), patch.object(Instance, "_get_engine_settings", lambda self, known=known: known):
                found = self.env["saas.instance"]._find_by_welcome_link(self.instance._key, serial, link)
                self.assertEqual(bool(found), is_found)
                self.assertEqual(self.instance._get_welcome_token() == link, known == settings)

    def test_sending_again_makes_the_old_link_worthless(self):
        self.instance.action_send_welcome()
        self.env.flush_all()
        self.assertIn("used already", self.url_open(self.path).text)
        self._post()
        self.mint.assert_not_called()

    def test_a_used_link_offers_a_new_one(self):
        self._post()
        serial = self.instance.welcome_serial
        page = self._post(again="1")
        self.assertIn("Look into your mail", page.text)
        self.assertNotIn("token=", page.text)
        self.env.invalidate_all()
        self.assertEqual(self.instance.welcome_serial, serial + 1)

    def test_a_tenant_that_is_away_does_not_use_the_link_up(self):
        self.mint.side_effect = RetryableError("PostgreSQL is away")
        self.assertEqual(self._post().status_code, 503)
        self.assertFalse(self.instance.welcome_used_at)
        self.mint.side_effect = None
        self.assertEqual(self._post().status_code, 303)

    def test_suspended(self):
        self.instance._write_protected({"state": "suspended"})
        self.env.flush_all()
        self.assertIn("Not available", self.url_open(self.path).text)

    def test_mail(self):
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.instance._job_send_welcome(1)
        [mail] = self._mails
        self.assertIn("jane@acme.example", str(mail["email_to"]))
        self.assertIn(self.path, mail["body"])
        self.assertTrue(self.instance.welcome_sent_at)

    def test_the_link_is_not_kept(self):
        """Neither in the chatter nor in the mail queue: who reads the database can't sign in as the customer."""
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.instance._job_send_welcome(1)
        self.env.flush_all()
        token = self.instance._get_welcome_token()
        for model, field in (("mail.message", "body"), ("mail.mail", "body_html"), ("saas.event", "message")):
            self.assertFalse(self.env[model].search([(field, "like", token)]), model)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_mail_server_away(self):
        with self.mock_mail_gateway(), self.assertRaises(RetryableJobError):
            self.send_email_mocked.side_effect = MailDeliveryException("refused")
            self.instance._job_send_welcome(1)
        self.assertEqual(self.instance.state, "active")
        self.assertFalse(self.instance.welcome_sent_at)

    def test_an_outdated_mail_job_sends_nothing(self):
        self.instance.action_send_welcome()
        self.instance._job_send_welcome(1)
        self.assertFalse(self.instance.welcome_sent_at)

    def test_only_active_instances_are_welcomed(self):
        with self.assertRaises(UserError):
            self._create_instance("draft-one").action_send_welcome()
