import json
from datetime import date, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError, OperationalError

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.saas_manager.saas_engine import errors
from odoo.addons.saas_manager.saas_engine.usage import Counted

from .usage_common import TODAY, UsageCase

JOBS = "odoo.addons.saas_manager.models.saas_job_mixin"


@tagged("post_install", "-at_install")
class TestUsage(UsageCase, TransactionCase):
    def test_a_row_per_instance_and_day(self):
        self.meter.counted["acme"] = {TODAY: Counted(200, 5, 7, 12.25)}
        self.meter.active["acme"] = {TODAY: 2}
        self._measure()
        row = self._rows()
        self.assertEqual((row.day, row.requests, row.errors, row.mails), (TODAY, 200, 5, 7))
        self.assertAlmostEqual(row.cron_seconds, 12.3)
        self.assertEqual((row.users, row.active_users, row.storage_mb, row.error_rate), (3, 2, 40, 2.5))
        self.assertEqual((row.partner_id, row.plan_id), (self.customer, self.plan))
        self.assertFalse(row.is_complete)
        self.assertEqual(row.display_name, "acme, 2026-03-10")
        self.assertEqual(len(self._rows(self.other)), 1)

    def test_a_second_run_of_a_day_updates(self):
        self._measure()
        self.meter.counted["acme"] = {TODAY: Counted(requests=9)}
        self.meter.present["acme"] = {"storage_mb": 55.0}
        self._measure()
        row = self._rows()
        self.assertEqual((len(row), row.requests, row.storage_mb), (1, 9, 55))
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            row.copy()
            self.env.flush_all()

    def test_nothing_new_writes_nothing(self):
        self.meter.counted["acme"] = {TODAY: Counted(cron_seconds=1.2345)}
        self._measure()
        self.env.flush_all()
        with patch.object(self.env.registry["saas.usage"], "write", side_effect=AssertionError("written")):
            self._measure()

    def test_days_that_were_missed_get_what_is_known(self):
        self._measure()
        later = TODAY + timedelta(days=3)
        self.meter.counted["acme"] = {TODAY: Counted(11), TODAY + timedelta(days=1): Counted(12, 1)}
        self.meter.active["acme"] = {later - timedelta(days=1): 1, later: 2}
        self._measure(day=later)
        rows = self._rows()
        self.assertEqual(rows.mapped("requests"), [11, 12, 0, 0])
        self.assertEqual(rows.mapped("is_complete"), [True, True, True, False])
        self.assertEqual(rows.mapped("is_measured"), [True, False, False, True])
        self.assertEqual(rows.mapped("has_active_users"), [False, False, True, True])
        figures = ("users", "active_users", "database_mb", "files_mb", "storage_mb")
        self.assertEqual(self._unknown(rows[1], *figures), list(figures))
        self.assertFalse(self._unknown(rows[0], "users", "storage_mb"))
        [[average, total]] = self.Usage._read_group(
            [("instance_id", "=", self.instance.id)], [], ["storage_mb:avg", "requests:sum"]
        )
        self.assertEqual((average, total), (40, 23), "days without a look are no days of size 0")

    def test_it_begins_where_the_last_run_ended(self):
        self._measure()
        self._measure(day=TODAY + timedelta(days=2))
        self.assertEqual(self.meter.asked[0], ("acme", None))
        self.assertEqual(self.meter.asked[-1], ("other", TODAY))

    def test_a_visit_that_the_log_has_forgotten_stays(self):
        self.meter.active["acme"] = {TODAY: 4}
        self._measure()
        self.meter.active["acme"] = {TODAY: 1, TODAY + timedelta(days=1): 2}
        self._measure(day=TODAY + timedelta(days=1))
        self.assertEqual(self._rows().mapped("active_users"), [4, 2])

    def test_the_plan_is_that_of_the_day(self):
        self._measure()
        second = self.plan.copy({"code": "second", "name": "Second"})
        self.instance.plan_id = second
        self._measure(day=TODAY + timedelta(days=1))
        self.assertEqual([row.plan_id for row in self._rows()], [self.plan, second])

    # === FAULTS === #

    def _warnings(self, instance):
        return instance.activity_ids.filtered(lambda activity: activity.summary == "Its usage can't be measured")

    def test_a_broken_tenant_stops_nobody_and_is_reported_once(self):
        self.meter.errors["acme"] = errors.EngineError("no such table")
        self.meter.counted["acme"] = {TODAY: Counted(5)}
        result = self._measure()
        self.assertIn("1 measured, 1 failed", result)
        self.assertTrue(self._rows(self.other).is_measured)
        row = self._rows()
        self.assertEqual((row.requests, row.database_mb, row.is_measured), (5, 30, False), "what is known of it")
        self.assertEqual(self._unknown(row, "users", "storage_mb"), ["users", "storage_mb"])
        self.assertEqual(self.instance.usage_problem, "no such table")
        count = len(self._warnings(self.instance))
        self.assertEqual(count, len(self.instance._get_failure_users()))
        self._measure(day=TODAY + timedelta(days=1))
        self.assertEqual(len(self._warnings(self.instance)), count)
        del self.meter.errors["acme"]
        self._measure()
        self.assertFalse(self._warnings(self.instance))
        self.assertFalse(self.instance.usage_problem)
        self.assertIn("can be measured again", self.instance.message_ids[0].body)

    def test_a_bug_in_one_stops_nobody(self):
        self.meter.errors["acme"] = ValueError("a bug")
        with mute_logger(JOBS):
            self._measure()
        self.assertFalse(self._rows())
        self.assertTrue(self._rows(self.other))
        self.assertEqual(self.instance.usage_problem, "a bug")

    def _retries(self):
        jobs = self.env["queue.job"].search([("model_name", "=", "saas.usage"), ("method_name", "=", "_job_measure")])
        return jobs.filtered(lambda job: job.args[2] > 1)

    def test_what_time_can_heal_is_tried_again_first(self):
        self.meter.errors["acme"] = errors.RetryableError("all connections are taken")
        self.assertIn("1 again later", self._measure())
        self.assertFalse(self.instance.usage_problem)
        job = self._retries()
        self.assertEqual(job.args, ["saas.instance", self.instance.ids, 2])
        self.assertTrue(job.eta)
        self._measure(self.instance, attempt=3)
        self.assertEqual(self.instance.usage_problem, "all connections are taken")
        self.assertEqual(len(self._retries()), 1)

    def test_a_record_that_somebody_writes_to_is_looked_at_later(self):
        self.meter.errors["acme"] = OperationalError("could not serialize access")
        self.assertIn("1 again later", self._measure())
        self.assertEqual(self._retries().args[1], self.instance.ids)
        self.assertTrue(self._rows(self.other))

    def test_a_cluster_that_is_away_is_asked_again(self):
        def away(records, today):
            raise errors.RetryableError("PostgreSQL is away")

        with patch.object(self.env.registry["saas.instance"], "_get_usage_meter", away):
            with self.assertRaises(RetryableJobError):
                self.Usage._job_measure("saas.instance", self.instance.ids)

    # === THE CRON === #

    def test_the_cron_queues_what_is_published(self):
        self.assertEqual(self.env.ref("saas_manager.ir_cron_usage").code, "model._cron_usage()")
        draft = self._create_instance("draft")
        self._activate(self._create_instance("off")).action_suspend("unpaid")
        jobs = lambda: self.env["queue.job"].search(  # noqa: E731
            [("model_name", "=", "saas.usage"), ("method_name", "=", "_job_measure")]
        )
        before = jobs()
        self.Usage._cron_usage()
        queued = jobs() - before
        ids = [number for job in queued for number in job.args[1]]
        off = self.env["saas.instance"].search([("subdomain", "=", "off")])
        self.assertLessEqual(set((self.instance | self.other | off).ids), set(ids))
        self.assertNotIn(draft.id, ids)
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(queued.mapped("channel"), ["root.saas"])
        self.Usage._cron_usage()
        self.assertEqual(jobs() - before, queued, "what waits already is not queued twice")

    def test_what_was_terminated_meanwhile_is_left_alone(self):
        self.instance._write_protected({"state": "terminated"})
        self._measure()
        self.assertFalse(self._rows())

    def test_counters_go_when_they_are_written_down_for_good(self):
        self._measure(day=date(2026, 3, 1))
        self.Usage._job_forget("saas.instance", self.instance.ids)
        self.assertFalse(self.forgotten, "no day is over")
        self._measure(day=date(2026, 3, 10))
        self.Usage._job_forget("saas.instance", (self.instance | self.other).ids)
        self.assertEqual(self.forgotten[self.instance._key], date(2026, 3, 7), "the last days are counted on")
        self._measure(self.instance, day=date(2026, 3, 11))
        self.forgotten.clear()
        self.meter.today = date(2026, 4, 1)
        self.Usage._job_forget("saas.instance", self.instance.ids)
        self.assertEqual(self.forgotten[self.instance._key], date(2026, 3, 10), "not what was never taken over")

    # === WHAT THE FORM SHOWS === #

    def test_the_form(self):
        self.meter.counted["acme"] = {TODAY: Counted(4)}
        self._measure()
        self.assertIn('[{"x": "2026-03-10", "y": 4}]', self.instance.usage_graph)
        self.meter.counted["acme"] |= {self._day(40): Counted(1000), self._day(3): Counted(2), self._day(1): Counted(1)}
        self._measure()
        self.env.invalidate_all()
        self.assertEqual((self.instance.usage_requests, self.instance.usage_users), (7, 3))
        self.assertEqual((self.instance.usage_storage_mb, self.instance.usage_day), (40, TODAY))
        drawn = json.loads(self.instance.usage_graph)[0]["values"]
        self.assertEqual(drawn, [{"x": "2026-03-07", "y": 2}, {"x": "2026-03-09", "y": 1}], "no day is invented")
        self.assertEqual(self.instance.action_view_usage()["domain"], [("instance_id", "=", self.instance.id)])
        self.assertIn('"is_sample_data": true', self._create_instance("new").usage_graph)
