from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_manager.saas_engine.usage import Counted

from .usage_common import TODAY, UsageCase

JOBS = "odoo.addons.saas_manager.models.saas_job_mixin"


@tagged("post_install", "-at_install")
class TestUsageRules(UsageCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["saas.usage.rule"].search([]).action_archive()
        cls.responsible = new_test_user(cls.env, "responsible", "saas_manager.group_user")
        cls.rule = cls.env["saas.usage.rule"].create(
            {
                "name": "Too many errors",
                "metric": "error_rate",
                "threshold": 5,
                "minimum": 100,
                "user_id": cls.responsible.id,
            }
        )

    def _alerts(self, instance=None):
        return self.env["saas.usage.alert"].search([("instance_id", "=", (instance or self.instance).id)])

    def _activities(self, instance=None):
        return (instance or self.instance).activity_ids.filtered(lambda each: each.summary == self.rule.name)

    def _next_day(self, errors, requests=200):
        """Let a day be over with so many errors."""
        self.meter.counted["acme"] = {self.meter.today: Counted(requests, errors)}
        self._measure(day=self.meter.today + timedelta(days=1))

    def test_one_activity_while_it_lasts_and_a_note_at_the_end(self):
        self._next_day(errors=4)
        self.assertFalse(self._alerts())
        self._next_day(errors=20)
        alert, activity = self._alerts(), self._activities()
        self.assertEqual((alert.rule_id, alert.value, alert.until), (self.rule, 10, False))
        self.assertEqual(alert.since, self.meter.today - timedelta(days=1))
        self.assertEqual(activity.user_id, self.responsible)
        self.assertIn("10.0", activity.note)
        self.assertFalse(self._alerts(self.other))
        self._next_day(errors=30)
        self._measure()
        self.assertEqual((self._alerts(), alert.value), (alert, 15))
        self.assertEqual(self._activities(), activity)
        self.assertEqual(self.rule.open_count, 1)
        self._next_day(errors=0)
        self.assertEqual(alert.until, self.meter.today)
        self.assertFalse(self._activities())
        self.assertIn("It is over", self.instance.message_ids[0].body)
        self._next_day(errors=20)
        self.assertEqual(len(self._alerts()), 2)
        self.assertEqual(len(self._activities()), 1)

    def test_an_activity_that_is_done_does_not_come_back_while_it_lasts(self):
        self._next_day(errors=20)
        self._activities().with_user(self.responsible).action_feedback()
        self._next_day(errors=20)
        self.assertFalse(self._activities())
        self.assertEqual(len(self._alerts()), 1)
        self._next_day(errors=0)
        self.assertTrue(self._alerts().until)

    def test_what_is_not_known_changes_nothing(self):
        self._next_day(errors=20)
        self.env["saas.usage"].search([]).unlink()
        self.env["saas.usage.rule"]._job_evaluate("saas.instance", self.instance.ids)
        self.assertFalse(self._alerts().until)

    def test_few_requests_are_no_reason(self):
        self._next_day(errors=50, requests=99)
        self.assertFalse(self._alerts())

    def test_below(self):
        self.rule.write({"metric": "active_users", "comparison": "below", "threshold": 1})
        self._measure(day=TODAY + timedelta(days=1))
        self.assertFalse(self._alerts(), "nobody knows who was there")
        self.meter.active["acme"] = {TODAY + timedelta(days=1): 0}
        self._measure(day=TODAY + timedelta(days=2))
        self.assertEqual(self._alerts().value, 0)
        self.meter.active["acme"] = {TODAY + timedelta(days=2): 1}
        self._measure(day=TODAY + timedelta(days=3))
        self.assertTrue(self._alerts().until)

    def test_growth_of_storage(self):
        self.rule.write({"metric": "storage_growth", "threshold": 50, "minimum": 10})
        self._measure()
        self.meter.present["acme"] = {"storage_mb": 61.0}
        self._measure(day=TODAY + timedelta(days=1))
        self.assertEqual((self._alerts().value, self._alerts().since), (52.5, TODAY + timedelta(days=1)))
        self._measure(day=TODAY + timedelta(days=2))
        self.assertTrue(self._alerts().until)

    def test_only_some_plans(self):
        second = self.plan.copy({"code": "second", "name": "Second"})
        self.rule.plan_ids = second
        self._next_day(errors=20)
        self.assertFalse(self._alerts())
        self.instance.plan_id = second
        self._next_day(errors=20)
        self.assertFalse(self._alerts().until)
        self.instance.plan_id = self.plan
        self._next_day(errors=20)
        self.assertTrue(self._alerts().until)
        self.assertIn("does not apply any more", self.instance.message_ids[0].body)

    def test_another_companys_rule(self):
        self.rule.company_id = self.env["res.company"].create({"name": "Second"})
        self._next_day(errors=20)
        self.assertFalse(self._alerts())
        self.rule.company_id = self.instance.company_id
        self._next_day(errors=20)
        self.assertTrue(self._alerts())

    def test_without_a_responsible_the_administrators_hear_of_it(self):
        administrators = self.instance._get_failure_users()
        self.assertTrue(administrators)
        self.rule.user_id = False
        self._next_day(errors=20)
        self.assertEqual(self._activities().user_id, administrators)

    def test_a_responsible_who_may_not_see_the_instance(self):
        elsewhere = self.env["res.company"].create({"name": "Second"})
        self.responsible.write({"company_ids": [(6, 0, elsewhere.ids)], "company_id": elsewhere.id})
        self._next_day(errors=20)
        self.assertNotIn(self.responsible, self._activities().user_id)
        self.assertTrue(self._activities())

    def test_a_responsible_is_a_user_of_the_manager(self):
        with self.assertRaises(ValidationError):
            self.rule.user_id = new_test_user(self.env, "employee", "base.group_user")

    def test_a_deleted_or_archived_rule_rings_no_more(self):
        self._next_day(errors=20)
        self.rule.action_archive()
        self._next_day(errors=20)
        self.assertTrue(self._alerts().until)
        self.assertFalse(self._activities())
        self.rule.action_unarchive()
        self._next_day(errors=20)
        self.assertTrue(self._activities())
        self.rule.unlink()
        self.assertFalse(self.instance.activity_ids.filtered(lambda each: each.summary == "Too many errors"))
        self.assertFalse(self._alerts())

    def test_an_instance_that_is_gone(self):
        self._next_day(errors=20)
        self.instance._write_protected({"state": "terminated"})
        self.env["saas.usage"]._cron_usage()
        self.assertTrue(self._alerts().until)

    def test_a_rule_rings_once_at_a_time(self):
        self._next_day(errors=20)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self._alerts().copy()
            self.env.flush_all()

    def test_what_goes_wrong_with_one_instance_stops_nobody(self):
        for name in ("acme", "other"):
            self.meter.counted[name] = {TODAY: Counted(200, 20)}
        Alert, begin = self.env.registry["saas.usage.alert"], self.env.registry["saas.usage.alert"]._begin

        def fail_for_acme(alerts, rule, instance, finding):
            if instance == self.instance:
                raise ValueError("a bug")
            return begin(alerts, rule, instance, finding)

        with patch.object(Alert, "_begin", fail_for_acme), mute_logger(JOBS):
            self._measure(day=TODAY + timedelta(days=1))
            self._measure()
        self.assertFalse(self._alerts())
        self.assertTrue(self._alerts(self.other))
        told = self.instance.activity_ids.filtered(lambda each: "Alert rules" in each.summary)
        self.assertEqual(len(told), len(self.instance._get_failure_users()))

    def test_the_rules_that_are_shipped(self):
        shipped = self.env["saas.usage.rule"].with_context(active_test=False).search([("id", "!=", self.rule.id)])
        self.assertEqual(set(shipped.mapped("metric")), {"storage_growth", "error_rate", "cron_seconds"})
        shipped.action_unarchive()
        self.rule.action_archive()
        self.meter.counted["acme"] = {TODAY: Counted(1000, 10, 50, 600)}
        self._measure()
        self._measure(day=TODAY + timedelta(days=1))
        self.assertFalse(self._alerts(), "an ordinary day")
        self.meter.counted["acme"] = {self.meter.today: Counted(1000, 200, 50, 30000)}
        self.meter.present["acme"] = {"storage_mb": 900.0}
        self._measure(day=TODAY + timedelta(days=2))
        self.assertEqual(self._alerts().rule_id, shipped)
