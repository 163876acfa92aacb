from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.tests.common import trap_jobs
from odoo.addons.saas_manager.saas_engine.errors import EngineError, RetryableError

from .common import SaasCase

STEPS = {
    "reserve": "reserve",
    "database": "clone_database",
    "filestore": "clone_filestore",
    "personalise": "personalise",
    "publish": "publish",
    "verify": "verify",
}
JOBS = [["reserve", "database"], ["filestore", "personalise", "publish"], ["verify"]]


@tagged("post_install", "-at_install")
class TestProvisioning(SaasCase, TransactionCase):
    def _provision(self, instance=None):
        """Click, and run all jobs that follow."""
        instance = instance or self.instance
        instance.action_provision()
        for codes in JOBS:
            instance._job_provision_step(codes[0])

    def test_click_queues_the_first_step(self):
        with trap_jobs() as trap:
            self.instance.action_provision()
            trap.assert_jobs_count(1)
            trap.assert_enqueued_job(self.instance._job_provision_step, args=("reserve",))
        self.assertEqual(self.instance.state, "queued")
        self.assertEqual(self.instance.step_ids.mapped("code"), list(STEPS))
        self.provisioner.reserve.assert_not_called()

    def test_two_clicks_make_one_job(self):
        self.instance.action_provision()
        self.instance.action_provision()
        self.assertEqual(len(self._jobs(self.instance, "_job_provision_step")), 1)

    def test_each_job_does_its_steps_and_queues_the_next(self):
        self.instance.action_provision()
        for codes, following in zip(JOBS, [*JOBS[1:], None], strict=True):
            with self.subTest(codes[0]), trap_jobs() as trap:
                self.instance._job_provision_step(codes[0])
                for code in codes:
                    getattr(self.provisioner, STEPS[code]).assert_called_once()
                    self.assertEqual(self._step(code).state, "done")
                if following:
                    trap.assert_enqueued_job(self.instance._job_provision_step, args=(following[0],))
                    self.assertEqual(self._step(following[0]).state, "running")
                else:
                    trap.assert_enqueued_job(self.instance._job_send_welcome, args=(1,))
        self.assertEqual(self.instance.state, "active")
        self.assertEqual(set(self.instance.step_ids.mapped("state")), {"done"})
        self.assertTrue(self.instance.provisioned_at)

    def test_a_step_that_fails_in_company_gets_a_job_of_its_own(self):
        self.instance.action_provision()
        self.instance._job_provision_step("reserve")
        self.provisioner.personalise.side_effect = EngineError("The template has no administrator.")
        with trap_jobs() as trap:
            self.instance._job_provision_step("filestore")
            trap.assert_enqueued_job(self.instance._job_provision_step, args=("personalise",))
        self.assertEqual(
            [self._step(code).state for code in JOBS[1]],
            ["done", "running", "waiting"],
        )
        self.provisioner.publish.assert_not_called()
        with self.assertRaisesRegex(EngineError, "no administrator"):
            self.instance._job_provision_step("personalise")

    def test_a_job_is_named_after_its_steps(self):
        self.instance.action_provision()
        self.assertIn("Clone the database", self._jobs(self.instance, "_job_provision_step").name)

    def test_a_step_of_another_addon_has_a_job_of_its_own(self):
        codes = [*STEPS][:4] + ["other"] + [*STEPS][4:]
        with patch.object(self.env.registry["saas.instance"], "_get_provision_steps", lambda self: codes):
            jobs = [self.instance._get_provision_job_steps(code) for code in ("filestore", "other", "verify")]
        self.assertEqual(jobs, [["filestore", "personalise"], ["other", "publish"], ["verify"]])

    def _step(self, code):
        return self.instance.step_ids.filtered(lambda step: step.code == code)

    def test_the_engine_gets_plain_values(self):
        self._provision()
        [spec] = self.provisioner.clone_database.call_args.args
        self.assertEqual(spec.subdomain, "acme")
        self.assertEqual(spec.key, self.instance.uuid.replace("-", ""))
        self.assertEqual(spec.template_database, "tpl_blank_v1")
        self.assertEqual(spec.admin_email, "jane@acme.example")
        self.assertEqual(spec.limits["max_users"], self.plan.max_users)

    def test_a_step_may_run_twice(self):
        self.instance.action_provision()
        self.instance._job_provision_step("reserve")
        self.instance._job_provision_step("reserve")
        self.assertEqual(
            len(self._jobs(self.instance, "_job_provision_step").filtered(lambda j: j.args == ["filestore"])), 1
        )

    def test_a_step_that_came_too_late_does_nothing(self):
        self._provision()
        self.provisioner.reset_mock()
        self.instance._job_provision_step("database")
        self.provisioner.clone_database.assert_not_called()

    def test_what_time_heals_is_retried(self):
        self.instance.action_provision()
        self.provisioner.reserve.side_effect = RetryableError("The template is busy.", seconds=7)
        with self.assertRaises(RetryableJobError) as caught:
            self.instance._job_provision_step("reserve")
        self.assertEqual(caught.exception.seconds, 7)

    def test_what_time_does_not_heal_fails_the_job(self):
        self.instance.action_provision()
        self.provisioner.reserve.side_effect = EngineError("The name is taken.")
        with self.assertRaises(EngineError):
            self.instance._job_provision_step("reserve")

    def test_failure_is_told_and_cleaned_up(self):
        self._create_users()
        self.instance.action_provision()
        self.instance._job_provision_step("reserve")
        self._fail_job(self._jobs(self.instance, "_job_provision_step")[:1], "No space left")
        self.assertEqual(self.instance.state, "failed")
        self.assertEqual(self.instance.failure_step, "filestore")
        self.assertEqual(self.instance.failure_reason, "No space left")
        self.assertEqual(self._step("filestore").message, "No space left")
        self.assertIn(self.administrator, self.instance.activity_ids.user_id)
        self.assertNotIn(self.manager, self.instance.activity_ids.user_id)
        self.assertTrue(self._jobs(self.instance, "_job_undo_provisioning"))
        self.instance._job_undo_provisioning()
        self.provisioner.undo.assert_called_once()

    def test_retry_after_failure(self):
        self.test_failure_is_told_and_cleaned_up()
        self._provision()
        self.assertEqual(self.instance.state, "active")
        self.assertFalse(self.instance.failure_reason)
        self.provisioner.undo.reset_mock()
        self.instance._job_undo_provisioning()
        self.provisioner.undo.assert_not_called()

    def test_retry_from_the_list_of_jobs(self):
        self.test_failure_is_told_and_cleaned_up()
        failed = self._jobs(self.instance, "_job_provision_step").filtered(lambda job: job.state == "failed")
        failed.requeue()
        self.assertEqual(self.instance.state, "queued")
        self.assertEqual(failed.state, "failed")
        pending = self._jobs(self.instance, "_job_provision_step").filtered(lambda job: job.state == "pending")
        self.assertEqual(pending[:1].args, ["reserve"])

    def test_leftovers_are_marked(self):
        self.test_failure_is_told_and_cleaned_up()
        self.instance._enqueue("_job_undo_provisioning")
        self._fail_job(self._jobs(self.instance, "_job_undo_provisioning")[:1], "The database is in use")
        self.assertTrue(self.instance.has_leftovers)

    def test_a_worker_that_was_killed_too_often(self):
        """queue_job writes that failure by SQL, without a message."""
        self.instance.action_provision()
        job = self._jobs(self.instance, "_job_provision_step")
        self.env.flush_all()
        self.env.cr.execute("UPDATE queue_job SET state = 'failed', exc_name = 'JobFoundDead' WHERE id = %s", [job.id])
        self.env.invalidate_all()
        self.env["queue.job"]._cron_saas_handle_failures()
        self.assertTrue(self._jobs(self.instance, "_job_after_failure"))
        self.instance._job_after_failure(job.id)
        self.assertEqual(self.instance.state, "failed")
        self.assertIn("killed", self.instance.failure_reason)
        self.instance.action_provision()
        self.env["queue.job"]._cron_saas_handle_failures()
        self.assertEqual(self.instance.state, "queued")

    def test_a_cancelled_job_does_not_leave_the_instance_waiting(self):
        self.instance.action_provision()
        self._jobs(self.instance, "_job_provision_step").button_cancelled()
        self.assertEqual(self.instance.state, "failed")
        self.assertIn("Cancelled", self.instance.failure_reason)

    def test_refused_before_anything_is_queued(self):
        other = self.template.copy({"code": "other"})
        cases = {
            "no mail address": self._create_instance("one", admin_email=False),
            "template not built": self._create_instance("two", template_id=other.id),
            "template not in the plan": self._create_instance("three"),
        }
        self.plan.template_ids = other
        for label, instance in cases.items():
            with self.subTest(label), self.assertRaises(UserError):
                instance.action_provision()
            self.assertEqual(instance.state, "draft")
            self.assertFalse(self._jobs(instance, "_job_provision_step"))

    def test_no_server_with_room(self):
        self.env["saas.server"].search([]).capacity = 0
        with self.assertRaises(UserError):
            self.instance.action_provision()
        self.env.ref("saas_manager.server_local").capacity = 10
        self.instance.action_provision()
        self.assertEqual(self.instance.state, "queued")

    def test_placement_takes_the_emptiest(self):
        second = self.env["saas.server"].create(
            {
                "name": "Second",
                "base_domain": "example.com",
                "runtime_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "Second",
                            "code": "second",
                            "release_id": self.env.ref("saas_manager.release_default").id,
                        },
                    )
                ],
            }
        )
        self._provision()
        self.assertNotEqual(self.instance.server_id, second)
        other = self._create_instance("other")
        other.action_provision()
        self.assertEqual(other.server_id, second)

    def test_roles(self):
        self._create_users()
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).action_provision()
        self.instance.with_user(self.manager).action_provision()
        self.assertEqual(self.instance.state, "queued")

    def test_jobs_carry_no_secret(self):
        self._provision()
        jobs = self.env["queue.job"].search([("saas_instance_id", "=", self.instance.id)])
        self.assertEqual(len(jobs), len(JOBS) + 1)
        self.assertEqual(self.instance.job_count, len(jobs))
        for job in jobs:
            self.assertLessEqual({type(arg) for arg in job.args}, {str, int})
            self.assertNotIn(self.instance._get_welcome_token(), str(job.args))
