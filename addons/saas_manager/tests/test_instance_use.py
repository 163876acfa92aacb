from datetime import timedelta
from unittest.mock import MagicMock, patch

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models import saas_instance_notices
from odoo.addons.saas_manager.saas_engine import measure
from odoo.addons.saas_manager.saas_engine.directory import Directory

from .common import SaasCase

MEGABYTE = 2**20


class UseCase(SaasCase):
    """Instances whose databases, folders and users are what a test says; a directory that remembers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls._activate(cls.instance)
        cls.plan.max_storage_gb = 1  # 1024 MB
        cls.customer.lang = "en_US"

    def setUp(self):
        super().setUp()
        self.databases, self.published = {"acme": 100}, {}
        self.provisioner.runtime = MagicMock()
        self.startPatcher(patch.object(measure, "database_sizes", self._get_sizes))
        self.startPatcher(patch.object(measure, "files", return_value=0))
        self.users = self.startPatcher(patch.object(measure, "internal_users", return_value=3))
        directory = self.startPatcher(patch.object(saas_instance_notices, "Directory", autospec=Directory))
        directory.return_value.set_notices.side_effect = self.published.update
        self.startPatcher(patch.object(self.env.registry["mail.mail"], "send", lambda *args, **kwargs: None))

    def _get_sizes(self, cluster, names):
        return {name: size * MEGABYTE for name, size in self.databases.items() if name in names}

    def measure(self, megabytes=None, instances=None):
        """Let the job run after acme's database has grown to a size."""
        if megabytes is not None:
            self.databases["acme"] = megabytes
        return self.env["saas.instance"]._job_measure_use((instances or self.instance).ids)

    def events(self, kind, instance=None):
        domain = [("instance_id", "=", (instance or self.instance).id), ("kind", "=", kind)]
        return self.env["saas.event"].search(domain, order="id")

    def mails(self):
        return self.env["mail.mail"].search([("model", "=", "saas.instance"), ("res_id", "=", self.instance.id)])


@tagged("post_install", "-at_install")
class TestInstanceUse(UseCase, TransactionCase):
    def _queued(self, method):
        jobs = self.env["queue.job"].search([("method_name", "=", method), ("state", "!=", "done")])
        return [job.args[0] for job in jobs]

    def test_is_kept_and_published(self):
        measure.files.return_value = 412 * MEGABYTE
        self.measure(100)
        self.assertEqual((self.instance.storage_used_mb, self.instance.storage_percent), (512, 50))
        self.assertEqual((self.instance.users_used, self.instance.storage_limit_mb), (3, 1024))
        self.assertTrue(self.instance.measured_at)
        self.assertEqual(self.instance.storage_label, "512 MB of 1.0 GB")
        storage = self.published[self.instance._key]["storage"]
        self.assertEqual((storage["used_mb"], storage["limit_mb"], storage["percent"]), (512, 1024, 50))
        self.assertEqual(storage["measured_at"], self.instance.measured_at.isoformat())

    def test_nobody_writes_it(self):
        self.measure(100)
        for values in ({"storage_used_mb": 0}, {"measured_at": False}, {"storage_level": 0}):
            with self.assertRaises(AccessError):
                self.instance.with_user(self.administrator).write(values)

    def test_a_plan_without_limit(self):
        self.plan.max_storage_gb = 0
        self.measure(5000)
        self.assertEqual((self.instance.storage_percent, self.instance.storage_level), (0, 0))
        self.assertEqual(self.instance.storage_label, "4.9 GB, without a limit")

    def test_the_smallest_limit_is_one(self):
        self.plan.max_storage_gb = 0.0001
        self.assertEqual(self.plan._prepare_limits()["max_storage_mb"], 1)

    def test_another_limit_is_another_percentage(self):
        self.measure(512)
        self.plan.max_storage_gb = 2
        self.assertEqual(self.instance.storage_percent, 25)
        found = self.env["saas.instance"].search([("storage_percent", ">=", 20), ("id", "=", self.instance.id)])
        self.assertEqual(found, self.instance)

    def test_a_broken_one_stops_nobody_and_is_reported(self):
        other = self._activate(self._create_instance("other"))
        self.databases["other"] = 200
        broken = OSError("the folder is on fire")
        measure.files.side_effect = [broken, 0]
        with self.assertLogs("odoo.addons.saas_manager.models.saas_instance_use", "ERROR"):
            self.measure(100, self.instance | other)
        self.assertEqual((self.instance.measured_at, other.storage_used_mb), (False, 200))
        self.assertEqual(self.instance.activity_ids.user_id, self.instance._get_failure_users())
        self.assertIn("on fire", self.instance.activity_ids[:1].note)
        self.assertFalse(other.activity_ids)
        self.assertIn(other._key, self.published)

    def test_a_tenant_that_breaks_its_users_is_measured_all_the_same(self):
        self.users.side_effect = psycopg2.ProgrammingError("no such table")
        with self.assertLogs("odoo.addons.saas_manager.models.saas_instance_use", "ERROR"):
            self.measure(900)
        self.assertEqual(self.instance.storage_level, 80)
        self.assertIn("no such table", self.instance.activity_ids[:1].summary)

    def test_what_fails_after_the_measure_is_reported(self):
        other = self._activate(self._create_instance("other"))
        self.databases["other"] = 990
        check = self.env.registry["saas.instance"]._check_limits

        def check_limits(instance):
            if instance == self.instance:
                raise ValueError("broken")
            check(instance)

        with (
            patch.object(self.env.registry["saas.instance"], "_check_limits", check_limits),
            self.assertLogs("odoo.addons.saas_manager.models.saas_job_mixin", "ERROR"),
        ):
            self.measure(990, self.instance | other)
        self.assertEqual((self.instance.use_problem, other.storage_level), ("broken", 95))
        self.assertEqual(self.instance.activity_ids[:1].summary, "broken")
        self.measure(990)
        self.assertEqual((self.instance.use_problem, self.instance.storage_level), (False, 95))

    def test_what_somebody_else_is_at_comes_later(self):
        busy = psycopg2.errors.SerializationFailure("somebody else was faster")
        with patch.object(self.env.registry["saas.instance"], "_keep_use", side_effect=busy):
            message = self.measure(100)
        self.assertIn("1 later", message)
        self.assertEqual(self._queued("_job_measure_use"), [self.instance.ids])

    def test_when_it_is_time(self):
        Instance = self.env["saas.instance"]
        mine = [("id", "=", self.instance.id)]
        for state, percent, minutes, is_due in (
            ("active", 10, None, True),
            ("active", 10, 60, True),
            ("active", 10, 20, False),
            ("active", 80, 20, True),
            ("active", 80, 5, False),
            ("suspended", 10, 300, True),
            ("active", 10, -300, True),  # measured before the clock was set back
            ("draft", 10, None, False),
        ):
            at = fields.Datetime.now() - timedelta(minutes=minutes) if minutes else False
            used = 1024 * percent / 100
            self.instance._write_protected({"state": state, "measured_at": at, "storage_used_mb": used})
            found = Instance.search([*mine, *Instance._get_measure_domain()])
            self.assertEqual(bool(found), is_due, (state, percent, minutes))

    def test_each_server_has_its_jobs(self):
        server = self.env["saas.server"].create({"name": "Second", "host": "db2.example.com"})
        other = self._activate(self._create_instance("other"))
        other._write_protected({"server_id": server.id})
        (self.instance | other).with_user(self.administrator).action_measure_use()
        self.assertEqual(sorted(self._queued("_job_measure_use")), sorted([self.instance.ids, other.ids]))
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).action_measure_use()
