from odoo.exceptions import AccessError, UserError

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.saas_manager.saas_engine.errors import EngineError, RetryableError

from .moving_common import MovingCase


class TestMoving(MovingCase):
    def test_from_the_click_to_a_service_of_its_own(self):
        self.assertEqual(self.instance.can_move_to, "dedicated")
        self.instance.with_user(self.manager).action_move("dedicated")
        target = self.instance.move_to_id
        self.assertEqual((target.kind, target.code), ("dedicated", f"own-{self.instance._key}"))
        [job] = self._jobs(self.instance, "_job_prepare_move")
        self.assertEqual(job.args, [target.id])
        self.instance._job_prepare_move(target.id)
        _cluster, code = self.driver.create.call_args.args
        options = {"own_code": True, "workers": 2, "memory_mb": 2048}
        self.assertEqual((code, self.driver.create.call_args.kwargs), (target.code, options))
        self.driver.wait_until_it_runs.assert_called_once_with(target.code)
        self.assertEqual((target.state, target.has_own_user), ("running", True))
        self.assertEqual(self.instance.runtime_id, self.shared, "it is ready before anybody waits")
        self.instance._job_move(target.id)
        _source, _target, spec, state, reason, redirects, notice = self.move.call_args.args
        self.assertEqual((spec.subdomain, state, reason, redirects), ("acme", "active", "", {}))
        self.assertIn("back in a moment", notice)
        self.provisioner.verify.assert_called_once()
        self.assertEqual((self.instance.runtime_id, self.instance.move_to_id.id), (target, False))
        self.instance._job_finish_move(self.shared.id)
        self.finish.assert_called_once()
        self.assertFalse(self._jobs(self.shared, "_job_remove"), "the shared service stays")
        self.assertIn("moved", self.instance.event_ids.mapped("kind"))

    def test_back_and_its_service_goes(self):
        own = self._move()
        self.assertEqual(self.instance.can_move_to, "shared")
        self._move("shared")
        self.assertEqual(self.instance.runtime_id, self.shared)
        self.instance._job_finish_move(own.id)
        self.assertEqual(len(self._jobs(own, "_job_remove")), 1)
        own._job_remove()
        self.driver.remove.assert_called_once_with(None, own.code)
        self.assertEqual((own.state, own.active), ("removed", False))
        self.assertEqual(self._move(), own, "and is the same when it comes again")
        self.assertTrue(own.active)

    def test_back_is_refused_while_there_is_code(self):
        self._move()
        self.listed.return_value = [{"model": "x", "id": "1", "name": "Discount", "what": "Python code"}]
        self.instance.action_move("shared")
        with self.assertRaisesRegex(UserError, r"1 in all: Discount \(Python code\)"):
            self.instance._job_prepare_move(self.shared.id)
        self.move.assert_called_once()
        self.listed.return_value = []
        self.instance._job_prepare_move(self.shared.id)
        self.assertTrue(self._jobs(self.instance, "_job_move").filtered(lambda job: job.args == [self.shared.id]))

    def test_the_jobs_may_run_twice(self):
        target = self._move()
        for method in ("_job_prepare_move", "_job_move", "_job_undo_move"):
            self.assertEqual(getattr(self.instance, method)(target.id), "Not relevant any more.")
        self.move.assert_called_once()
        self.undo.assert_not_called()

    def test_a_suspended_one_stays_suspended(self):
        self.instance.action_suspend("unpaid")
        self._move()
        _source, _target, _spec, state, reason, *_rest = self.move.call_args.args
        self.assertEqual((state, reason, self.instance.state), ("suspended", "unpaid", "suspended"))
        self.provisioner.verify.assert_not_called()
        self.assertFalse(self.instance.can_move_to, "its code can't be asked for while it is off")

    def test_refused(self):
        refusals = {
            "by its plan": lambda: self.plan.write({"own_code": False}),
            "by its state": lambda: self.instance._write_protected({"state": "terminating"}),
            "while it is renamed": lambda: self.instance._write_protected({"rename_to": "beta"}),
            "on a server far away": lambda: self.instance.server_id.write({"host": "pg.example.com"}),
            "without a keeper": lambda: setattr(self.driver, "is_available", False),
        }
        for why, prepare in refusals.items():
            with self.subTest(why), self.assertRaises(UserError):
                prepare()
                self.instance.action_move("dedicated")
            self.driver.is_available = True
        with self.assertRaises(UserError):
            self.instance.action_move("shared")
        self.instance.action_move("dedicated")

    def test_nothing_else_happens_meanwhile(self):
        self.instance.action_move("dedicated")
        for action in (
            lambda: self.instance.action_suspend("x"),
            lambda: self.instance.action_terminate("acme"),
            lambda: self.instance.action_rename("beta"),
            lambda: self.instance.action_move("dedicated"),
        ):
            with self.assertRaisesRegex(UserError, "on its way"):
                action()
        self.instance._job_move(self.instance.move_to_id.id)
        self.instance.action_suspend("x")
        self.assertEqual(self.instance.state, "suspended")

    def test_the_reconciler_leaves_it_alone_meanwhile(self):
        self.assertNotIn(self.instance, self.instance._get_busy())
        self.instance.action_move("dedicated")
        self.assertIn(self.instance, self.instance._get_busy())

    def test_a_failure_puts_it_back(self):
        self.instance.action_move("dedicated")
        target = self.instance.move_to_id
        self.driver.wait_until_it_runs.side_effect = EngineError("no memory")
        [job] = self._jobs(self.instance, "_job_prepare_move")
        self._fail_job(job, "no memory")
        self.assertEqual(self.instance.move_failure, "no memory")
        self.assertEqual(len(self._jobs(self.instance, "_job_undo_move")), 1)
        self.instance._job_undo_move(target.id)
        self.undo.assert_called_once()
        self.assertEqual((self.instance.runtime_id, self.instance.move_to_id.id), (self.shared, False))
        self.instance._job_finish_move(target.id)
        self.finish.assert_called_once()
        self.assertEqual(len(self._jobs(target, "_job_remove")), 1)
        job.requeue()
        self.assertEqual(self.instance.move_to_id, target)
        self.assertFalse(self.instance.move_failure)
        self.assertEqual(target._job_remove(), "Not relevant any more.", "it is awaited again")

    def test_what_time_heals_is_tried_again(self):
        self.instance.action_move("dedicated")
        self.move.side_effect = RetryableError("busy", seconds=3)
        with self.assertRaises(RetryableJobError) as caught:
            self.instance._job_move(self.instance.move_to_id.id)
        self.assertEqual(caught.exception.seconds, 3)

    def test_cancelled(self):
        self.instance.action_move("dedicated")
        [job] = self._jobs(self.instance, "_job_prepare_move")
        job.button_cancelled()
        self.assertIn("Cancelled", self.instance.move_failure)

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).action_move("dedicated")
        for name, refusal in (("move_to_id", AccessError), ("runtime_id", UserError)):
            with self.assertRaises(refusal):
                self.instance.with_user(self.manager).write({name: self.shared.id})
        self.instance.with_user(self.manager).action_move("dedicated")
        self.assertTrue(self.instance.move_to_id)

    def test_wizard(self):
        action = self.instance.with_user(self.manager).action_open_move_wizard()
        self.assertEqual(action["name"], "Move to a Service of Its Own")
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"]).create({})
        self.assertEqual((wizard.kind, wizard.dedicated_workers), ("dedicated", 2))
        wizard.action_confirm()
        self.assertTrue(self.instance.move_to_id)
