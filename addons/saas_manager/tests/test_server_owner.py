from datetime import UTC, datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine.cluster import Cluster
from odoo.addons.saas_manager.saas_engine.cluster_report import ClusterReport
from odoo.addons.saas_manager.saas_engine.errors import NotOwnerError
from odoo.addons.saas_manager.saas_engine.ownership import Owner

from .common import SaasCase

OTHER = Owner(
    "22222222-2222-2222-2222-222222222222", "https://other.example (manager)", datetime(2026, 1, 1, tzinfo=UTC)
)


@tagged("post_install", "-at_install")
class TestServerOwner(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.server = cls.env.ref("saas_manager.server_local")

    def _test_connection(self, owner):
        report = ClusterReport("15.8", "saas_manager", [], 0, 0.1, None, owner=owner)
        with patch.object(Cluster, "check", return_value=report):
            self.server.action_test_connection()

    def test_the_cluster_is_asked_as_this_manager(self):
        manager = self.server._get_cluster().manager
        self.assertEqual(manager.uuid, self.env["ir.config_parameter"].get_param("database.uuid"))
        self.assertIn(self.env.cr.dbname, manager.name)

    def test_a_server_of_another_managers(self):
        self._test_connection(OTHER)
        self.assertEqual((self.server.check_state, self.server.foreign_owner), ("failed", OTHER.name))
        self.assertIn("belongs to another manager: https://other.example", self.server.check_message)

    def test_a_server_of_ours(self):
        manager = self.server._get_manager()
        self.server.foreign_owner = OTHER.name
        self._test_connection(Owner(manager.uuid, "an older name", OTHER.since))
        self.assertEqual((self.server.check_state, self.server.foreign_owner), ("ok", False))

    def test_taking_over_is_the_administrators(self):
        for user in (self.user, self.manager):
            with self.assertRaises(AccessError), patch.object(Cluster, "take_over") as take_over:
                self.server.with_user(user).action_take_over()
            take_over.assert_not_called()
        with (
            patch.object(Cluster, "take_over", return_value=OTHER) as take_over,
            patch.object(Cluster, "check", side_effect=NotOwnerError("x")),
            self.assertLogs("odoo.addons.saas_manager.models.saas_server_owner", "WARNING") as logs,
        ):
            self.server.with_user(self.administrator).action_take_over()
        take_over.assert_called_once_with()
        self.assertIn("saas_administrator", logs.output[0])
        self.assertIn(OTHER.name, self.server.message_ids[:1].body)

    def test_a_server_that_is_away_can_not_be_taken_over(self):
        away = self.env["saas.server"].create({"name": "Away", "host": "127.0.0.1", "port": 1})
        with self.assertRaises(UserError):
            away.with_user(self.administrator).action_take_over()

    def test_a_neutralised_copy_is_another_manager(self):
        """What Odoo runs on a copy that is to do no harm."""
        before = self.server._get_manager()
        for query in get_neutralization_queries(["saas_manager"]):
            self.env.cr.execute(query)
        self.env.registry.clear_all_caches()
        self.env.invalidate_all()
        self.assertNotEqual(self.server._get_manager().uuid, before.uuid)
        self.assertEqual(len(self.server._get_manager().uuid), 36)
