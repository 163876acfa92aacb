from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine.cluster import Cluster
from odoo.addons.saas_manager.saas_engine.errors import RetryableError

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestServer(SaasCase, TransactionCase):
    def test_a_server_that_is_away_is_a_result(self):
        server = self.env.ref("saas_manager.server_local")
        with patch.object(Cluster, "check", side_effect=RetryableError("Connection refused")):
            server.action_test_connection()
        self.assertEqual(server.check_state, "failed")
        self.assertEqual(server.check_message, "Connection refused")
        self.assertTrue(server.last_check)

    def test_nobody_listens(self):
        """A real connection to a port that nobody listens on."""
        server = self.env["saas.server"].create(
            {"name": "Away", "host": "127.0.0.1", "port": 1, "base_domain": "x.example"}
        )
        server.action_test_connection()
        self.assertEqual(server.check_state, "failed")

    def test_counts(self):
        self._activate(self.instance)
        self.assertEqual(self.env.ref("saas_manager.server_local").instance_count, 1)
        self.instance._write_protected({"state": "terminated"})
        self.env.invalidate_all()
        self.assertEqual(self.env.ref("saas_manager.server_local").instance_count, 0)
