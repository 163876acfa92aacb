from unittest.mock import MagicMock, patch

from odoo.exceptions import AccessError, UserError

from odoo.addons.saas_manager.saas_engine.errors import EngineError
from odoo.addons.saas_manager.saas_engine.runtime_wanted import Status, Wanted

from .moving_common import MovingCase


class TestOwnCodePlan(MovingCase):
    def test_it_is_published(self):
        self.assertIs(self.instance._prepare_limits()["own_code"], True)
        self.plan.own_code = False
        self.assertIs(self.instance._prepare_limits()["own_code"], False)

    def test_a_new_instance_goes_on_to_a_service_of_its_own(self):
        self.instance._write_protected({"state": "provisioning"})
        self.instance._finish_provisioning()
        self.assertEqual(self.instance.move_to_id.kind, "dedicated")
        other = self._activate(self._create_instance("other"))
        self.plan.own_code = False
        other._write_protected({"state": "provisioning"})
        other._finish_provisioning()
        self.assertFalse(other.move_to_id)

    def test_a_plan_without_it_is_somebodys_task(self):
        self._move()
        other = self.plan.copy({"code": "other", "own_code": False})
        self.instance.plan_id = other
        summaries = self.instance.activity_ids.mapped("summary")
        self.assertIn("Its plan has no service of its own", summaries)
        self.assertEqual(self.instance.runtime_id.kind, "dedicated", "its code goes on working")
        self.instance.plan_id = self.plan
        self.plan.own_code = False
        self.assertEqual(len(self.instance.activity_ids), len(summaries), "said once")

    def test_a_terminated_one_leaves_no_service(self):
        own = self._move()
        self.instance._write_protected({"state": "terminating"})
        with patch("odoo.addons.saas_manager.models.saas_instance_termination.removal.remove"):
            self.instance._remove(MagicMock(path="/x", size=1, sha256="x"))
        self.assertEqual(self.instance.state, "terminated")
        self.assertEqual(len(self._jobs(own, "_job_remove")), 1)
        own._job_remove()
        self.assertEqual(own.state, "removed")

    def test_former_addresses_lead_there(self):
        self._move()
        with patch("odoo.addons.saas_manager.models.saas_instance_renaming.Directory"):
            self.instance._job_publish_redirects()
        self.provisioner.route.assert_called_once_with((self.instance._get_host(),), {})


class TestService(MovingCase):
    def test_started_and_stopped(self):
        own = self._move()
        own.with_user(self.administrator).action_stop()
        self.driver.stop.assert_called_once_with(own.code)
        self.driver.status.return_value = Status("stopped")
        own._job_follow()
        self.assertEqual(own.state, "stopped")
        own.action_start()
        options = {"own_code": True, "workers": 2, "memory_mb": 2048}
        self.driver.start.assert_called_once_with(own.code, **options)
        self.assertEqual(own.state, "starting")
        self.plan.dedicated_workers = 4
        own.action_restart()
        self.driver.restart.assert_called_once_with(own.code, **{**options, "workers": 4})

    def test_who_may(self):
        own = self._move()
        for method in ("action_start", "action_stop", "action_restart"):
            with self.assertRaises(AccessError):
                getattr(own.with_user(self.manager), method)()
            with self.assertRaisesRegex(UserError, "not a service that the manager starts"):
                getattr(self.shared.with_user(self.administrator), method)()

    def test_one_that_failed_is_somebodys_task(self):
        own = self._move()
        self.driver.status.return_value = Status("failed", "out of memory")
        self.env["saas.runtime"]._cron_look()
        self.assertEqual((own.state, own.state_reason), ("failed", "out of memory"))
        self.assertIn("out of memory", str(own.activity_ids.mapped("note")))
        self.env["saas.runtime"]._cron_look()
        self.assertEqual(len(own.activity_ids), len(own.activity_ids.mapped("user_id")))

    def test_what_its_keeper_knows_it_by_stays(self):
        own = self._move()
        for values in ({"code": "other"}, {"kind": "shared"}):
            with self.assertRaisesRegex(UserError, "made for its instance"):
                own.with_user(self.administrator).write(values)
        own.with_user(self.administrator).write({"sequence": 5, "code": own.code})

    def test_one_in_use_is_not_removed(self):
        own = self._move()
        self.assertEqual(own._job_remove(), "Not relevant any more.")
        self.driver.remove.assert_not_called()

    def test_the_pool_is_the_shared_ones(self):
        own = self._move()
        self.assertNotIn(own, self.env["saas.template"].search([]).runtime_id)
        with patch.object(self.env.registry["saas.pool.clone"], "_sweep_databases", autospec=True) as sweep:
            self.env["saas.pool.clone"]._cron_adjust()
        self.assertEqual({call.args[1] for call in sweep.call_args_list}, {self.shared})

    def test_its_addresses_are_compared(self):
        own, host = self._move(), self.instance._get_host()
        self.driver.wanted.return_value = Wanted("own", hosts={host: None, "expired.example.com": 1.0})
        self.env["queue.job"].search([]).unlink()
        server = self.instance.server_id
        self.assertEqual(server._get_routes(), {own.code: {host}})
        [record] = self.instance._prepare_records()
        self.assertEqual((record.runtime, record.entry.hosts, record.is_busy), (own.code, (host,), False))
        self.driver.wanted.side_effect = EngineError("gone")
        self.assertEqual(server._get_routes(), {own.code: set()})
        self.instance.action_move("shared")
        self.assertTrue(self.instance._prepare_records()[0].is_busy, "it is on its way")
