from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.queue_job.job import Job
from odoo.addons.saas_manager.saas_engine.health import Seen

from .health_common import GONE, ILL, SILENT, WELL, HealthCase


@tagged("post_install", "-at_install")
class TestHealth(HealthCase, TransactionCase):
    # === STATES === #

    def test_healthy(self):
        until = datetime(2030, 5, 1, 12, tzinfo=UTC)
        self._look(Seen(seconds=0.25, certificate_until=until, certificate_days=400))
        self.assertRecordValues(
            self.instance,
            [
                {
                    "health": "healthy",
                    "health_seconds": 0.25,
                    "health_text": "",
                    "certificate_until": until.date(),
                    "failing_crons": 0,
                }
            ],
        )
        self.assertTrue(self.instance.health_since)
        self.assertFalse(self._health_events(), "a new one that is well is no news")

    def test_degraded_at_once_and_the_change_is_an_event(self):
        self._look(WELL)
        self._look(ILL)
        self.assertEqual((self.instance.health, self.instance.failing_crons), ("degraded", 1))
        self.assertIn("4 times in a row", self.instance.health_text)
        since = self.instance.health_since
        self._look(ILL)
        self.assertEqual(self.instance.health_since, since, "since when: not since the last look")
        self._look(WELL)
        self.assertEqual(self._health_events().mapped("level"), ["warning", "info"])
        self.assertEqual(self._health_events()[1].message, "Healthy")
        self.assertIn("Send <b>mails</b>", self._health_events()[0].message)
        self.assertFalse(self._activities(), "nobody is called for that")

    def test_one_look_in_vain_is_no_alarm(self):
        self._look(WELL)
        self._look(SILENT)
        self.assertRecordValues(self.instance, [{"health": "healthy", "health_misses": 1, "health_text": ""}])
        [job] = self._checks(is_second=True)
        self.assertEqual(job.args, [self.instance.ids, True])
        wait = job.eta - fields.Datetime.now()
        self.assertTrue(timedelta(seconds=30) < wait <= timedelta(seconds=61), wait)
        self.seen = {}
        self._second_look()
        self.assertRecordValues(self.instance, [{"health": "healthy", "health_misses": 0}])
        self.assertFalse(self._health_events())

    def test_two_looks_in_vain_are(self):
        self._look(WELL)
        self._go_down()
        self.assertEqual(self.instance.health, "down")
        self.assertIn("HTTP 502", self.instance.health_text)
        self.assertEqual(self._health_events()[-1].level, "error")
        self.assertEqual(self._activities().user_id, self.instance._get_failure_users())
        self.assertIn("HTTP 502", self._activities()[0].note)

    def test_a_second_look_that_is_not_needed_any_more(self):
        self._look(SILENT)
        self._look(WELL)
        self.provisioner.examine.reset_mock()
        self._second_look()
        self.provisioner.examine.assert_not_called()

    def test_down_is_told_once_and_ends_by_itself(self):
        self._go_down()
        activities = self._activities()
        self._look(GONE)
        self.assertEqual(self._activities(), activities)
        self._look(ILL)
        self.assertEqual(self._activities(), activities, "it is not well yet")
        self._look(WELL)
        self.assertFalse(self._activities())
        self.assertIn("healthy again", " ".join(self.instance.message_ids.mapped("body")))

    def test_what_is_told_is_text(self):
        self._go_down(Seen(page="page_unreachable", page_detail="<img src=x onerror=alert(1)>"))
        self.assertIn("&lt;img", self._activities()[0].note)
        self.assertNotIn("<img", self._activities()[0].note)

    def test_backups(self):
        self.env["saas.settings"]._set("saas.health_backup_days", 2)
        self.instance._write_protected({"provisioned_at": fields.Datetime.now() - timedelta(days=3, hours=1)})
        self._look(WELL)
        self.assertEqual(
            (self.instance.health, self.instance.health_reasons[0]["code"]), ("degraded", "backup_missing")
        )
        self.env["saas.backup"].create({"name": "acme.zip", "instance_id": self.instance.id, "path": "/nowhere"})
        self.env.invalidate_all()
        self._look(WELL)
        self.assertEqual(self.instance.health, "healthy")
        self.assertTrue(self.instance.last_backup_at)
        with patch.object(fields.Datetime, "now", lambda: datetime.now() + timedelta(days=5)):
            self._look(WELL)
        self.assertEqual(self.instance.health_reasons[0]["code"], "backup_late")

    def test_words_in_the_readers_language(self):
        """The reasons are codes: each reader has them in words of their own."""
        self.env["res.lang"]._activate_lang("de_DE")
        self._look(ILL)
        Instance = self.env.registry["saas.instance"]
        original = Instance._get_health_sentences
        with patch.object(
            Instance,
            "_get_health_sentences",
            lambda self: {"crons": "%(count)s auf Deutsch"} if self.env.lang == "de_DE" else original(self),
        ):
            german = self.instance.with_context(lang="de_DE")
            self.assertEqual(german.health_text, "1 auf Deutsch")
            self.assertIn("times in a row", self.instance.health_text)

    def test_a_reason_of_an_addon_that_is_gone(self):
        self.instance._write_protected({"health_reasons": [{"code": "moon", "level": "degraded"}]})
        self.assertEqual(self.instance.health_text, "moon")

    # === PEOPLE === #

    def test_check_now(self):
        self.instance.with_user(self.user).action_check_health()
        [job] = self._jobs(self.instance, "_job_check_now")
        self.provisioner.examine.assert_not_called()
        self.assertEqual(job.channel, "root.saas", "nobody waits behind hundreds of others")
        self._look(WELL)
        self.seen = {"acme": ILL}
        Job.load(self.env, job.uuid).perform()
        self.assertEqual(self.instance.health, "degraded", "although the last look was a moment ago")
        draft = self._create_instance("draft")
        draft.action_check_health()
        self.assertFalse(self._jobs(draft, "_job_check_now"))
        self.assertIn("Not relevant", draft._job_check_now())

    def test_who_may(self):
        portal = new_test_user(self.env, "acme_portal", "base.group_portal", partner_id=self.customer.id)
        self._look(ILL)
        self.assertTrue(self.instance.with_user(self.user).health_text)
        with self.assertRaises(AccessError):
            self.instance.with_user(portal).read(["health_text"])
        with self.assertRaises(AccessError):
            self.instance.with_user(new_test_user(self.env, "employee", "base.group_user")).action_check_health()
        for values in ({"health": "healthy"}, {"health_reasons": False}, {"health_checked_at": False}):
            with self.subTest(values), self.assertRaises(AccessError):
                self.instance.with_user(self.administrator).write(values)

    def test_the_dashboard_counts_the_sick(self):
        def count():
            self.env.flush_all()
            rows = self.env["saas.dashboard"].with_user(self.user).get_data()["attention"]
            [row] = [row for row in rows if row["key"] == "unwell"] or [{"count": 0, "domain": None}]
            if row["domain"]:
                found = self.env["saas.instance"].with_user(self.user).search(row["domain"])
                self.assertEqual(len(found), row["count"])
            return row["count"]

        self.assertEqual(count(), 0)
        self._look(ILL)
        self.assertEqual(count(), 1)
        self._go_down()
        self.assertEqual(count(), 1)
        self._look(WELL)
        self.assertEqual(count(), 0)

    def test_settings_are_asked(self):
        self.env["saas.settings"]._set("saas.health_cron_failures", 5)
        self.env["saas.settings"]._set("saas.health_timeout_seconds", 7)
        self._look(ILL)
        self.assertEqual(self.instance.health, "healthy")
        self.assertEqual(self.provisioner.examine.call_args.args[1], 7)
