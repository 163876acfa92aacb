from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from .test_instance_use import UseCase


@tagged("post_install", "-at_install")
class TestStorageLevels(UseCase, TransactionCase):
    """What the customer hears while the storage fills up: a line of the timeline and a mail, once for each rise."""

    def test_a_mail_for_each_level_and_rise(self):
        for megabytes, level, mails, events in (
            (100, 0, 0, 0),
            (820, 80, 1, 1),
            (830, 80, 1, 1),
            (980, 95, 2, 2),
            (980, 95, 2, 2),
            (1030, 100, 2, 3),
            (850, 80, 2, 4),
            (985, 95, 3, 5),
            (500, 0, 3, 6),
            (820, 80, 4, 7),
        ):
            self.measure(megabytes)
            found = (self.instance.storage_level, len(self.mails()), len(self.events("limit")))
            self.assertEqual(found, (level, mails, events), megabytes)

    def test_of_two_levels_at_once_one_mail(self):
        self.measure(1100)
        [mail] = self.mails()
        self.assertIn("107 %", mail.subject)
        self.assertIn("new files are refused until", mail.body_html)
        [event] = self.events("limit")
        self.assertEqual(event.level, "error")
        self.assertIn("New files are refused", event.message)

    def test_the_mail(self):
        self.measure(820)
        [mail] = self.mails()
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertIn("820 MB of 1.0 GB", mail.body_html)
        self.assertNotIn("refused until", mail.body_html)

    def test_the_preview(self):
        template = self.env.ref("saas_manager.mail_template_storage")
        preview = self.env["mail.template.preview"].create(
            {"mail_template_id": template.id, "resource_ref": f"saas.instance,{self.instance.id}"}
        )
        self.assertFalse(preview.error_msg)
        self.assertIn("Starter", preview.body_html)

    def test_the_night_catches_up(self):
        self.measure(500)
        self.assertFalse(self.mails())
        self.plan.max_storage_gb = 0.5
        self.env["saas.instance"]._cron_check_limits()
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_check_limits")])
        self.assertIn(self.instance.id, [each for job in jobs for each in job.args[0]])
        self.published.clear()
        for _twice in range(2):
            self.env["saas.instance"]._job_check_limits(self.instance.ids)
        self.assertEqual((self.instance.storage_level, len(self.mails())), (95, 1))
        self.assertEqual(self.published[self.instance._key]["storage"]["limit_mb"], 512)

    def test_one_that_is_broken_stops_nobody(self):
        other = self._activate(self._create_instance("other"))
        self.databases["other"] = 900
        self.measure(100, self.instance | other)
        self.env["saas.instance"]._job_check_limits((self.instance | other).ids)
        self.plan.max_storage_gb = 0.1

        def send(instance):
            if instance == self.instance:
                raise ValueError("no such field")

        with (
            patch.object(self.env.registry["saas.instance"], "_send_storage_mail", send),
            self.assertLogs("odoo.addons.saas_manager.models.saas_job_mixin", "ERROR"),
        ):
            self.env["saas.instance"]._job_check_limits((self.instance | other).ids)
        self.assertEqual((self.instance.storage_level, other.storage_level), (0, 100))
        self.assertEqual(self.instance.use_problem, "no such field")
        self.assertTrue(self.instance.activity_ids)
        self.assertFalse(other.activity_ids)

    def test_a_suspended_one_is_measured_and_not_told(self):
        self.instance._write_protected({"state": "suspended"})
        self.measure(990)
        self.assertEqual((self.instance.storage_used_mb, self.instance.storage_level), (990, 0))
        self.assertFalse(self.mails())
