from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.tests.common import trap_jobs

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestTemplate(SaasCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self._keep_builds_in_this_transaction()

    def test_build_swaps_the_new_version_in(self):
        with trap_jobs() as trap:
            self.template.action_build()
            trap.assert_enqueued_job(self.template._job_build, args=(self.template.build_ids.id,))
        self.assertEqual((self.template.state, self.template.database), ("building", "tpl_blank_v1"))
        with trap_jobs() as trap:
            self.template._job_build(self.template.build_ids.id)
            trap.assert_enqueued_job(self.template._job_discard, args=("tpl_blank_v1",))
        self.assertEqual((self.template.state, self.template.database), ("ready", "tpl_blank_v2"))
        self.assertEqual(self.template.build_ids.state, "done")

    def test_saas_tenant_is_always_part_of_it(self):
        self.template.action_build()
        self.template._job_build(self.template.build_ids.id)
        [spec] = self.builder.build.call_args.args
        self.assertEqual(spec.modules[-1], "saas_tenant")
        self.assertEqual(spec.version, 2)

    def test_failure_keeps_the_version_in_use(self):
        self.template.action_build()
        self._fail_job(self._jobs(self.template, "_job_build"), "Module not found: nonsense")
        self.assertEqual((self.template.state, self.template.database), ("ready", "tpl_blank_v1"))
        self.assertEqual(self.template.build_error, "Module not found: nonsense")
        self.assertTrue(self.template.activity_ids)

    def test_first_build_that_fails(self):
        template = self.template.copy({"code": "fresh"})
        template.action_build()
        self._fail_job(self._jobs(template, "_job_build"), "No space left")
        self.assertEqual((template.state, template.database), ("failed", False))
        template.action_build()
        template._job_build(template.build_ids[0].id)
        self.assertEqual((template.state, template.database), ("ready", "tpl_fresh_v2"))

    def test_a_job_of_an_older_version_does_nothing(self):
        self.template.action_build()
        stale = self.template.build_ids.id
        self._fail_job(self._jobs(self.template, "_job_build"), "cancelled")
        self.template.action_build()
        self.template._job_build(stale)
        self.builder.build.assert_not_called()

    def test_a_version_that_is_being_cloned_is_kept(self):
        self.instance.action_provision()
        self.template._write_protected({"database": "tpl_blank_v2"})
        with self.assertRaises(RetryableJobError):
            self.template._job_discard("tpl_blank_v1")
        self.builder.discard.assert_not_called()
        self._activate(self.instance)
        self.template._job_discard("tpl_blank_v1")
        [(database, order)] = [call.args for call in self.builder.discard.call_args_list]
        self.assertEqual((database, order.kind, order.state), ("tpl_blank_v1", "template", "replaced"))

    def test_the_version_in_use_is_never_dropped(self):
        self.template._job_discard("tpl_blank_v1")
        self.builder.discard.assert_not_called()

    def test_code(self):
        for code in ("Blank", "with-dash", "1st", "a" * 41, "x; drop"):
            with self.subTest(code), self.assertRaises(ValidationError), self.cr.savepoint():
                self.template.copy({"code": code})
        with self.assertRaises(UserError):
            self.template._write_protected({"version": 1})
            self.template.code = "renamed"

    def test_roles(self):
        self._create_users()
        with self.assertRaises(AccessError):
            self.template.with_user(self.manager).action_build()
        self.template.with_user(self.administrator).action_build()
        self.assertEqual(self.template.state, "building")
