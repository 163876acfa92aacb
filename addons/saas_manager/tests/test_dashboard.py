from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.saas_manager.saas_engine.cluster import Cluster
from odoo.addons.saas_manager.saas_engine.errors import RetryableError

from .common import SaasCase

GIB = 2**30


@tagged("post_install", "-at_install")
class TestDashboard(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()

    @classmethod
    def _create_company(cls, name):
        return cls.env["res.company"].create({"name": name})

    def _data(self, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["saas.dashboard"].with_user(user or self.administrator).get_data()

    def _finished(self, subdomain, seconds, days_ago=0, **values):
        instance = self._activate(self._create_instance(subdomain, **values))
        moment = fields.Datetime.now() - timedelta(days=days_ago)
        values = {"provision_seconds": seconds, "provisioned_at": moment, "requested_at": moment}
        instance._write_protected(values)
        return instance

    def _failed_job(self):
        self.instance.action_provision()
        job = self.env["queue.job"].search([("saas_instance_id", "=", self.instance.id)], limit=1)
        self._fail_job(job, "No room")

    def test_subscriptions_that_need_a_person(self):
        subscription = self.env["saas.subscription"].create(
            {"partner_id": self.customer.id, "billing_engine": "external", "trial_days": 0}
        )
        subscription.action_start()
        self.assertNotIn("unpaid", [row["key"] for row in self._data()["attention"]])
        subscription.action_mark_past_due()
        subscription._write_protected({"problem": "No room"})
        rows = {row["key"]: row["count"] for row in self._data()["attention"]}
        self.assertEqual((rows["unpaid"], rows["problems"]), (1, 1))

    # === WHO === #

    def test_users_of_the_manager_only(self):
        portal = new_test_user(self.env, "acme_portal", "base.group_portal", partner_id=self.customer.id)
        employee = new_test_user(self.env, "employee", "base.group_user")
        for user in (portal, employee, self.env.ref("base.public_user")):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._data(user)
        for user in (self.user, self.manager, self.administrator):
            with self.subTest(user=user.login):
                self.assertEqual(self._data(user)["states"][0]["count"], 1)

    def test_jobs_are_the_administrators_business(self):
        before = self._data()["jobs"]["failed"]
        self._failed_job()
        data = self._data()
        self.assertEqual(data["jobs"]["failed"], before + 1)
        self.assertEqual(data["attention"][0]["key"], "jobs")
        for user in (self.user, self.manager):
            data = self._data(user)
            self.assertIsNone(data["jobs"])
            self.assertNotIn("jobs", [row["key"] for row in data["attention"]])

    def test_other_companies_are_not_counted(self):
        before = self._data(self.user)
        other = self._finished("other", 99, company_id=self._create_company("Other").id)
        other._log_event("note", "Not for everybody")
        data = self._data(self.user)
        for block in ("states", "times", "signups", "events"):
            self.assertEqual(data[block], before[block], block)
        self.user.company_ids += other.company_id
        elsewhere = (
            self.env["saas.dashboard"].with_user(self.user).with_context(allowed_company_ids=other.company_id.ids)
        )
        data = elsewhere.get_data()
        self.assertEqual([(row["state"], row["count"]) for row in data["states"]], [("active", 1)])
        self.assertEqual(data["times"]["slowest"], 99)
        self.assertEqual(data["events"][0]["message"], "Not for everybody")

    # === THE NUMBERS === #

    def test_states(self):
        self._finished("one", 1)
        self._finished("two", 2)
        rows = self._data(self.user)["states"]
        self.assertEqual([(row["state"], row["count"]) for row in rows], [("draft", 1), ("active", 2)])
        for row in rows:
            found = self.env["saas.instance"].with_user(self.user).search_count(row["domain"])
            self.assertEqual(found, row["count"])

    def test_times(self):
        times = self._data(self.user)["times"]
        self.assertEqual((times["median"], times["slowest"], times["today"]), (None, None, 0))
        for number, (seconds, days_ago) in enumerate([(1, 0), (2, 0), (9, 5), (500, 40)]):
            self._finished(f"timed-{number}", seconds, days_ago)
        times = self._data(self.user)["times"]
        self.assertEqual((times["median"], times["slowest"], times["today"]), (2, 9, 2))
        Instance = self.env["saas.instance"].with_user(self.user)
        self.assertEqual(Instance.search_count(times["domain"]), 3)
        self.assertEqual(Instance.search_count(times["today_domain"]), 2)

    def test_signups_per_week(self):
        """Wherever the user is: each week's number is what its list shows."""
        for number, days_ago in enumerate([0, 7, 7, 21, 200]):
            self._finished(f"week-{number}", 1, days_ago)
        for zone in ("UTC", "America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin"):
            self.user.tz = zone
            rows = self._data(self.user)["signups"]
            self.assertEqual(len(rows), 12)
            self.assertEqual([row["count"] for row in rows][-4:], [1, 0, 2, 1])
            self.assertEqual(sum(row["count"] for row in rows), 4)
            Instance = self.env["saas.instance"].with_user(self.user)
            for row in rows:
                self.assertEqual(Instance.search_count(row["domain"]), row["count"], (zone, row))

    def test_what_needs_a_person(self):
        keys = [row["key"] for row in self._data(self.user)["attention"]]
        self.assertNotIn("instances", keys)
        self.assertNotIn("disks", keys)
        self.instance._write_protected({"state": "failed"})
        self.env.ref("saas_manager.server_local").write({"disk_free": 1, "disk_total": 100, "check_state": "failed"})
        rows = {row["key"]: row for row in self._data(self.user)["attention"]}
        self.assertEqual(rows.keys(), {"instances", "disks", "servers"})
        for row in rows.values():
            self.assertEqual(row["count"], self.env[row["model"]].with_user(self.user).search_count(row["domain"]))
        self.assertEqual(rows["instances"]["label"], "failed instance")
        self._create_instance("another")._write_protected({"state": "failed"})
        [row] = [row for row in self._data(self.user)["attention"] if row["key"] == "instances"]
        self.assertEqual((row["count"], row["label"]), (2, "failed instances"))

    def test_groups_stand_in_the_order_of_an_instances_life(self):
        Instance = self.env["saas.instance"]
        ordered = Instance._group_expand_states(["active", "failed", "draft"], [])
        self.assertEqual(ordered, ["draft", "active", "failed"])
        self.assertEqual(Instance._fields["state"].group_expand, "_group_expand_states")

    def test_first_steps(self):
        self.assertIsNone(self._data(self.user)["first_steps"])
        self.instance.unlink()
        self.template._write_protected({"database": False})
        self.env["saas.template"].search([])._write_protected({"database": False})
        self.env["saas.server"].search([]).check_state = False
        done = {step["key"]: step["is_done"] for step in self._data(self.user)["first_steps"]}
        self.assertEqual(done, {"server": False, "template": False, "instance": False})
        self.template._write_protected({"database": "tpl_blank_v1"})
        self.env.ref("saas_manager.server_local").check_state = "ok"
        done = {step["key"]: step["is_done"] for step in self._data(self.user)["first_steps"]}
        self.assertEqual(done, {"server": True, "template": True, "instance": False})

    def test_first_steps_lead_to_the_records(self):
        self.instance.unlink()
        templates = self.env["saas.template"].search([])
        templates._write_protected({"database": False, "state": "draft"})
        server = self.env.ref("saas_manager.server_local")
        ids = {step["key"]: (step["model"], step["id"]) for step in self._data(self.user)["first_steps"]}
        self.assertEqual(ids["server"], ("saas.server", server.id))
        self.assertEqual(ids["template"], ("saas.template", templates[0].id))
        self.assertEqual(ids["instance"], ("saas.instance", False))
        templates[-1]._write_protected({"state": "building"})
        step = self._data(self.user)["first_steps"][1]
        self.assertEqual((step["id"], step["is_under_way"], step["is_done"]), (templates[-1].id, True, False))
        templates[-1]._write_protected({"state": "ready", "database": "tpl_last_v1"})
        step = self._data(self.user)["first_steps"][1]
        self.assertEqual((step["id"], step["is_under_way"], step["is_done"]), (templates[-1].id, False, True))

    def test_first_steps_where_nothing_is_set_up(self):
        self.instance.unlink()
        self.env["saas.template"].search([]).active = False
        self.env["saas.server"].search([]).active = False
        steps = self._data(self.user)["first_steps"]
        self.assertEqual([(step["id"], step["is_done"]) for step in steps], [(False, False)] * 3)

    def test_queries_do_not_grow_with_records(self):
        def count():
            self._data(self.user)  # writes what the test has changed, and fills the caches
            before = self.env.cr.sql_log_count
            self._data(self.user)
            return self.env.cr.sql_log_count - before

        self._finished("first", 1)._log_event("note", "One")
        few = count()
        for number in range(40):
            self._finished(f"many-{number}", number, number)._log_event("note", "Many")
        self.assertEqual(count(), few)

    # === MEASURES === #

    def test_a_test_measures(self):
        server = self.env.ref("saas_manager.server_local")
        report = SimpleNamespace(
            **{"version": "16.1", "role": "saas_manager", "latency_ms": 1.0, "tenants": 0, "missing_rights": []},
            **{"free_bytes": 10 * GIB, "total_bytes": 40 * GIB, "free_memory": 2 * GIB, "total_memory": 8 * GIB},
            owner=None,
        )
        with patch.object(Cluster, "check", return_value=report):
            self.env["saas.server"]._cron_measure()
        self.assertEqual((server.disk_free, server.disk_total, server.disk_used), (10, 40, 75))
        self.assertEqual((server.memory_free, server.memory_total), (2, 8))
        self.assertTrue(server.measured_at)
        with patch.object(Cluster, "check", side_effect=RetryableError("Connection refused")):
            self.env["saas.server"]._cron_measure()
        self.assertEqual((server.check_state, server.disk_used), ("failed", 75))  # what was measured last stays

    def test_what_cant_be_seen_is_not_full(self):
        server = self.env.ref("saas_manager.server_local")
        server.write({"disk_free": 0, "disk_total": 0})
        self.assertEqual(server.disk_used, 0)
