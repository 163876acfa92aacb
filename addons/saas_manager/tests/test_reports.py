from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models import saas_instance_reports
from odoo.addons.saas_manager.saas_engine.directory import Directory
from odoo.addons.saas_manager.saas_engine.errors import EngineError

from .common import SaasCase

TOO_MANY = {"surplus_users": {"users": 7, "limit": 5}}
UNGUARDED = {"unguarded": {"addon": "saas_tenant"}}


@tagged("post_install", "-at_install")
class TestReports(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls._activate(cls.instance)

    def _read(self, reports):
        """Let the cron find these in the directory."""
        with patch.object(saas_instance_reports, "Directory", autospec=Directory) as directory:
            directory.return_value.reports.return_value = {self.instance._key: reports} if reports else {}
            self.env["saas.instance"]._cron_read_reports()

    def _tasks(self):
        return self.instance.activity_ids.filtered(lambda activity: activity.user_id == self.administrator)

    def _events(self):
        return self.instance.event_ids.mapped("message")

    def test_once_on_the_timeline_and_on_each_administrators_list(self):
        before = len(self._events())
        for _ in range(2):
            self._read(TOO_MANY)
        self.assertEqual(len(self._tasks()), 1)
        self.assertEqual(self._tasks().summary, "More internal users than the plan allows")
        self.assertIn("7 internal users, the plan allows 5", self._tasks().note)
        self.assertEqual(len(self._events()), before + 1)
        self.assertIn("The newest can't sign in", self.instance.gateway_problem)
        self._tasks().action_feedback()
        self._read({"surplus_users": {"users": 8, "limit": 5}})
        self.assertFalse(self._tasks(), "who has dealt with it is not asked again")
        self.assertIn("8 internal users", self.instance.gateway_problem)

    def test_it_goes_when_it_is_over(self):
        self._read({**TOO_MANY, **UNGUARDED})
        self.assertEqual(len(self._tasks()), 2)
        self._read(TOO_MANY)
        self.assertEqual(self._tasks().mapped("summary"), ["More internal users than the plan allows"])
        self._read({})
        self.assertFalse(self._tasks())
        self.assertFalse(self.instance.gateway_problem)
        self.assertIn("Over: More internal users than the plan allows", self._events())
        self._read(TOO_MANY)
        self.assertEqual(len(self._tasks()), 1, "again")

    def test_a_database_that_is_not_served_is_an_error(self):
        self._read(UNGUARDED)
        self.assertEqual(self.instance.event_ids[:1].level, "error")
        self.assertIn("saas_tenant", self.instance.gateway_problem)

    def test_a_kind_of_another_addon_is_shown_by_its_name(self):
        self._read({"moon": {}})
        self.assertEqual(self.instance.gateway_problem, "moon")

    def test_a_server_that_is_away_changes_nothing(self):
        self._read(TOO_MANY)
        with patch.object(saas_instance_reports, "Directory", autospec=Directory) as directory:
            directory.return_value.reports.side_effect = EngineError("away")
            with self.assertLogs("odoo.addons.saas_manager.models.saas_instance_reports", "WARNING"):
                self.env["saas.instance"]._cron_read_reports()
        self.assertEqual(self.instance.gateway_reports, TOO_MANY)
        self.assertEqual(len(self._tasks()), 1)
