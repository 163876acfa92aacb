from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.queue_job.tests.common import trap_jobs
from odoo.addons.saas_manager.saas_engine import backup, removal

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestTermination(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._activate(cls.instance)
        cls._create_users()

    def setUp(self):
        super().setUp()
        kept = backup.BackupFile(path="/nowhere/acme-final.zip", size=1234, sha256="ab" * 32)
        self.dump = self.startPatcher(patch.object(backup, "dump", return_value=kept))
        self.remove = self.startPatcher(patch.object(removal, "remove"))
        self.startPatcher(patch.object(self.env.registry["saas.runtime"], "_get_runtime", lambda runtime: None))

    def test_asks_for_the_typed_subdomain(self):
        action = self.instance.action_terminate()
        self.assertEqual(action["res_model"], "saas.terminate.wizard")
        self.assertEqual(self.instance.state, "active")
        for typed in ("", "acm", "other"):
            with self.subTest(typed), self.assertRaises(UserError):
                self.instance.action_terminate(typed)
        self.assertEqual(self.instance.state, "active")
        self.instance.action_terminate("ACME ")
        self.assertEqual(self.instance.state, "terminating")

    def test_wizard(self):
        action = self.instance.action_terminate()
        wizard = self.env[action["res_model"]].with_context(**action["context"]).create({"confirmation": "nope"})
        with self.assertRaises(UserError):
            wizard.action_confirm()
        wizard.confirmation = "acme"
        wizard.action_confirm()
        self.assertEqual(self.instance.state, "terminating")

    def test_off_but_undoable(self):
        with trap_jobs() as trap:
            self.instance.action_terminate("acme")
            trap.assert_enqueued_job(self.instance._job_publish_state)
        self.assertGreater(self.instance.deletion_date, fields.Datetime.now() + timedelta(days=13))
        self.instance.action_resume()
        self.assertEqual(self.instance.state, "active")
        self.assertFalse(self.instance.deletion_date)

    def test_undo_goes_back_to_suspended(self):
        self.instance.action_suspend("unpaid")
        self.instance.action_terminate("acme")
        self.instance.action_resume()
        self.assertEqual(self.instance.state, "suspended")
        self.assertEqual(self.instance.reason, "unpaid")

    def test_nothing_is_deleted_before_its_date(self):
        self.instance.action_terminate("acme")
        self.env["saas.instance"]._cron_delete_due()
        self.assertFalse(self._jobs(self.instance, "_job_delete"))
        self.instance._job_delete()
        self.dump.assert_not_called()
        self.assertEqual(self.instance.state, "terminating")

    def test_backup_first_then_deletion(self):
        self.instance.action_terminate("acme")
        self.instance._write_protected({"deletion_date": fields.Datetime.now() - timedelta(minutes=1)})
        self.env["saas.instance"]._cron_delete_due()
        self.assertTrue(self._jobs(self.instance, "_job_delete"))
        with trap_jobs() as trap:
            self.instance._job_delete()
            trap.assert_enqueued_job(self.instance._job_delete_after_backup)
        self.remove.assert_not_called()
        self.assertEqual(self.instance.backup_ids.size, 1234)
        self.instance._job_delete_after_backup()
        [order] = [call.args[3] for call in self.remove.call_args_list]
        self.assertEqual((order.kind, order.state, order.key), ("tenant", "terminating", self.instance._key))
        self.assertEqual(order.asked_by, f"{self.env.user.name} ({self.env.user.login})")
        self.assertEqual(str(order.last_backup.path), "/nowhere/acme-final.zip")
        self.assertLess(order.due, datetime.now(UTC))
        self.assertEqual(self.instance.state, "terminated")
        self.assertEqual(len(self.instance.backup_ids), 1)

    def test_undone_at_the_last_moment(self):
        self.instance.action_terminate("acme")
        self.instance._write_protected({"deletion_date": fields.Datetime.now() - timedelta(minutes=1)})
        self.instance._job_delete()
        self.instance.action_resume()
        self.instance._job_delete_after_backup()
        self.remove.assert_not_called()
        self.assertEqual(self.instance.state, "active")

    def test_delete_now_is_the_administrators(self):
        self.instance.action_terminate("acme")
        with self.assertRaises(AccessError):
            self.instance.with_user(self.manager).action_delete_now("acme")
        as_administrator = self.instance.with_user(self.administrator)
        with self.assertRaises(UserError):
            as_administrator.action_delete_now("wrong")
        as_administrator.action_delete_now("acme")
        self.assertTrue(self._jobs(self.instance, "_job_delete"))

    def test_delete_now_only_when_terminating(self):
        with self.assertRaises(UserError):
            self.instance.with_user(self.administrator).action_delete_now("acme")
        self.assertEqual(self.instance.state, "active")

    def test_roles(self):
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).action_terminate("acme")
        self.instance.with_user(self.manager).action_terminate("acme")
        self.assertEqual(self.instance.state, "terminating")
