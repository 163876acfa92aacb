from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine import sizing, sizing_check
from odoo.addons.saas_manager.saas_engine.errors import ConfigurationError
from odoo.addons.saas_manager.saas_engine.runtime import Runtime
from odoo.addons.saas_manager.saas_engine.sizing import GIB, MIB

from .common import SaasCase

LARGE = sizing_check.ClusterSize(400, 30, 300, 256 * MIB, 600, 64 * GIB)
SMALL = sizing_check.ClusterSize(100, 95, 300, 128 * MIB, 60, 8 * GIB)
STARTED = ["--workers=3", "--max-cron-threads=2"]


@tagged("post_install", "-at_install")
class TestSizingCheck(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.server = cls.env.ref("saas_manager.server_local")

    def _check(self, found, user=None, sizes=None):
        """Press the button of a server that is found so; return the check."""
        sizes = sizes or sizing.compute(sizing.Given())
        command = ["python", "odoo-bin", *sizes.arguments()]
        runtime = Runtime("shared", "18.0", "http://x", None, command, sizes.environment(), STARTED)
        self.startPatcher(patch.object(Runtime, "load", return_value=runtime))
        self.startPatcher(patch.object(sizing_check, "read", return_value=found))
        action = self.server.with_user(user or self.manager).action_check_sizing()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_a_server_that_is_large_enough(self):
        check = self._check(LARGE)
        self.assertTrue(check.is_fine)
        self.assertEqual(set(check.line_ids.mapped("state")), {"fine"})
        self.assertFalse(any(check.line_ids.mapped("advice")))
        self.assertEqual(check.summary, "Everything is as large as it should be.")

    def test_a_server_that_is_too_small_and_what_to_do(self):
        self._activate(self.instance)
        lines = {line.code: line for line in self._check(SMALL).line_ids}
        small = {code for code, line in lines.items() if line.state == "small"}
        self.assertEqual(small, {"max_connections", "shared_buffers", "autovacuum_naptime"})
        self.assertEqual(lines["connections"].state, "large")
        self.assertEqual(lines["connections"].wanted, "at most 85")
        self.assertEqual(
            (lines["shared_buffers"].actual, lines["shared_buffers"].wanted), ("128 MiB", "at least 256 MiB")
        )
        self.assertEqual(lines["autovacuum_naptime"].wanted, "at least 10 min")
        self.assertIn("SAAS_PG_MAX_CONNECTIONS", lines["max_connections"].advice)
        self.assertEqual(lines["memory"].state, "fine")

    def test_memory_is_that_of_the_tenants_that_live_there(self):
        with patch.object(type(self.server), "instance_count", 300):
            check = self._check(SMALL)
        lines = {line.code: line for line in check.line_ids}
        self.assertEqual(lines["memory"].state, "small")
        self.assertEqual(lines["memory"].actual, "8.0 GiB")
        self.assertEqual(lines["registries"].state, "fine")
        self.assertEqual(check.summary, "5 of 8 sizes should be changed.")

    def test_memory_of_another_machine_is_unknown(self):
        check = self._check(sizing_check.ClusterSize(400, 30, 300, GIB, 600, None))
        [line] = check.line_ids.filtered(lambda line: line.code == "memory")
        self.assertEqual((line.state, line.actual, line.advice), ("unknown", "unknown", False))
        self.assertTrue(check.is_fine)

    def test_the_managers_job_slots_count(self):
        Check = self.env["saas.sizing.check"]
        for channels, slots in (("root:9,root.saas:4", 9), ("root.saas:4", sizing.Given.job_slots)):
            with patch.dict("os.environ", {"ODOO_QUEUE_JOB_CHANNELS": channels}):
                self.assertEqual(Check._get_given().job_slots, slots)

    def test_who_only_looks_may_not_check(self):
        self.assertTrue(self._check(LARGE, self.manager))
        with self.assertRaises(AccessError):
            self.server.with_user(self.user).action_check_sizing()

    def test_a_runtime_without_its_file_is_said(self):
        with (
            patch.object(Runtime, "load", side_effect=ConfigurationError("runtime.json cannot be read")),
            self.assertRaises(UserError) as caught,
        ):
            self.server.with_user(self.manager).action_check_sizing()
        self.assertIn("runtime.json cannot be read", str(caught.exception))
