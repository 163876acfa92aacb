from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from odoo.addons.mail.tests.common import MockEmail
from odoo.addons.saas_manager.saas_engine import renaming
from odoo.addons.saas_manager.saas_engine.directory import Directory
from odoo.addons.saas_manager.saas_engine.errors import NameTakenError

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestRenaming(SaasCase, MockEmail, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._activate(cls.instance)
        cls._create_users()

    def setUp(self):
        super().setUp()
        self.rename = self.startPatcher(patch.object(renaming, "rename", autospec=True))

    def _rename(self, subdomain="beta"):
        self.instance.action_rename(subdomain)
        self.instance._job_rename(subdomain)
        self.env.flush_all()  # as the end of a job does

    def _moved(self):
        """Return what the engine was asked for last: the spec, and the other arguments."""
        _provisioner, spec, *others = self.rename.call_args.args
        return spec, others

    def test_from_the_click_to_the_new_address(self):
        self.instance.action_rename(" Beta ")
        self.assertEqual((self.instance.subdomain, self.instance.rename_to), ("acme", "beta"))
        [job] = self._jobs(self.instance, "_job_rename")
        self.assertEqual(job.args, ["beta"])
        self.instance._job_rename("beta")
        spec, (former, state, reason, redirects) = self._moved()
        self.assertEqual((spec.subdomain, former, state, reason), ("beta", "acme", "active", ""))
        self.assertEqual(spec.host, f"beta.{self.instance.server_id._get_base_domain()}")
        self.assertEqual(spec.url, self.instance.url)
        self.assertEqual(list(redirects), [f"acme.{self.instance.server_id._get_base_domain()}"])
        self.provisioner.verify.assert_called_once_with(spec)
        self.assertEqual((self.instance.subdomain, self.instance.rename_to), ("beta", False))
        self.assertEqual(self.instance.redirect_ids.mapped("name"), ["acme"])
        self.assertAlmostEqual(
            self.instance.redirect_ids.until, fields.Datetime.now() + timedelta(days=30), delta=timedelta(minutes=5)
        )
        self.assertIn("renamed", self.instance.event_ids.mapped("kind"))

    def test_the_customer_is_told(self):
        self._rename()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.instance._job_send_renamed("beta")
        [mail] = self._mails
        self.assertIn("jane@acme.example", str(mail["email_to"]))
        self.assertIn(self.instance.url, mail["body"])
        self.assertIn(self.instance.redirect_ids.url, mail["body"])
        self.assertEqual(self.instance.event_ids[:1].kind, "mail")
        self.assertEqual(self.instance._job_send_renamed("acme"), "Not relevant any more.")

    def test_the_job_may_run_twice(self):
        self._rename()
        self.assertEqual(self.instance._job_rename("beta"), "Not relevant any more.")
        self.rename.assert_called_once()

    def test_a_suspended_one_stays_suspended(self):
        self.instance.action_suspend("unpaid")
        self._rename()
        _spec, (_former, state, reason, _redirects) = self._moved()
        self.assertEqual((state, reason, self.instance.state), ("suspended", "unpaid", "suspended"))
        self.provisioner.verify.assert_not_called()

    def test_refused_names_and_states(self):
        other = self._create_instance("other")
        refusals = {"other": "taken", "admin": "reserved", "acme": "already", "": "Choose", None: "Choose"}
        for name, message in refusals.items():
            with self.subTest(name=name), self.assertRaisesRegex(UserError, message):
                self.instance.action_rename(name)
        with self.assertRaisesRegex(UserError, "neither active nor suspended"):
            other.action_rename("free-name")
        self.instance.action_rename("free-name")

    def test_a_name_is_held_from_the_click_on(self):
        self.instance.action_rename("beta")
        with self.assertRaises(ValidationError):
            self._create_instance("beta")
        second = self._activate(self._create_instance("second"))
        with self.assertRaisesRegex(UserError, "taken"):
            second.action_rename("beta")
        with self.assertRaisesRegex(UserError, "about to become"):
            self.instance.action_rename("gamma")

    def test_the_old_name_is_held_until_the_redirect_ends(self):
        self._rename()
        with self.assertRaises(ValidationError):
            self._create_instance("acme")
        self.instance.redirect_ids.sudo().until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertTrue(self._create_instance("acme"))
        self.env["saas.instance.redirect"]._gc_expired()
        self.assertFalse(self.instance.redirect_ids)

    def test_no_redirect_where_none_is_wanted(self):
        self.env["saas.settings"]._set("saas.redirect_days", 0)
        self._rename()
        self.assertEqual(self._moved()[1][-1], {})
        self.assertFalse(self.instance.redirect_ids)
        self.assertTrue(self._create_instance("acme"))

    def test_there_and_back_and_on(self):
        self._rename("beta")
        self._rename("acme")
        self.assertEqual(self.instance.redirect_ids.mapped("name"), ["beta"])
        self._rename("gamma")
        self.assertEqual(set(self.instance.redirect_ids.mapped("name")), {"acme", "beta"})
        self.assertEqual(len(self._moved()[1][-1]), 2)

    def test_nothing_else_happens_meanwhile(self):
        self.instance.action_rename("beta")
        for action in (
            lambda: self.instance.action_suspend("x"),
            lambda: self.instance.action_terminate("acme"),
        ):
            with self.assertRaisesRegex(UserError, "about to become beta"):
                action()
        self.instance._job_rename("beta")
        self.instance.action_suspend("x")
        self.assertEqual(self.instance.state, "suspended")

    def test_a_failure_puts_it_back(self):
        self.instance.action_rename("beta")
        self.rename.side_effect = NameTakenError('The subdomain "beta" is taken.')
        [job] = self._jobs(self.instance, "_job_rename")
        self._fail_job(job, 'The subdomain "beta" is taken.')
        self.assertIn("taken", self.instance.rename_failure)
        self.assertEqual(len(self._jobs(self.instance, "_job_undo_rename")), 1)
        self.rename.side_effect = None
        self.instance._job_undo_rename()
        spec, (former, *_others) = self._moved()
        self.assertEqual((spec.subdomain, former), ("acme", "beta"))
        self.assertEqual((self.instance.subdomain, self.instance.rename_to), ("acme", False))
        self.assertFalse(self.instance.redirect_ids)
        self.assertEqual(self.instance._job_undo_rename(), "Not relevant any more.")

    def test_retry_of_the_failed_job_asks_anew(self):
        self.test_a_failure_puts_it_back()
        [job] = self._jobs(self.instance, "_job_rename")
        job.requeue()
        self.assertEqual(self.instance.rename_to, "beta")
        self.assertFalse(self.instance.rename_failure)

    def test_ending_a_redirect(self):
        self._rename()
        redirect = self.instance.redirect_ids
        with self.assertRaises(AccessError):
            redirect.with_user(self.user).action_end()
        redirect.with_user(self.manager).action_end()
        self.assertFalse(self.instance.redirect_ids)
        self.startPatcher(patch.object(self.env.registry["saas.server"], "_get_cluster", lambda server: None))
        with patch.object(Directory, "set_redirects") as published:
            self.instance._job_publish_redirects()
        published.assert_called_once_with(self.instance._key, {})
        self.assertTrue(self._create_instance("acme"))

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).action_rename("beta")
        with self.assertRaises(AccessError):
            self.instance.with_user(self.manager).write({"rename_to": "beta"})
        self.instance.with_user(self.manager).action_rename("beta")
        self.assertEqual(self.instance.rename_to, "beta")

    def test_wizard(self):
        action = self.instance.with_user(self.manager).action_open_rename_wizard()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"]).create({})
        self.assertFalse(wizard.is_free)
        wizard.subdomain = "admin"
        self.assertIn("reserved", wizard.hint)
        wizard.subdomain = "Beta"
        self.assertTrue(wizard.is_free)
        self.assertIn("beta.", wizard.new_url)
        wizard.action_confirm()
        self.assertEqual(self.instance.rename_to, "beta")
