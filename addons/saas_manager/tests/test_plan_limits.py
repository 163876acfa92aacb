from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models import saas_plan_limits
from odoo.addons.saas_manager.saas_engine.directory import Directory

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestPlanLimits(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._activate(cls.instance)
        cls.draft = cls._create_instance("draft")

    def test_mails_are_published(self):
        self.plan.write({"max_mails_hour": 5, "max_mails_day": 0})
        limits = self.instance._prepare_tenant_spec().limits
        self.assertEqual((limits["max_mails_hour"], limits["max_mails_day"]), (5, 0))

    def test_a_changed_limit_reaches_instances_that_run(self):
        self.plan.name = "Other"
        self.assertFalse(self._jobs(self.plan, "_job_publish_limits"))
        self.plan.max_mails_hour = 7
        [job] = self._jobs(self.plan, "_job_publish_limits")
        with patch.object(saas_plan_limits, "Directory", autospec=Directory) as directory:
            job.records._job_publish_limits()
        [published] = directory.return_value.set_limits.call_args.args
        self.assertEqual(list(published), [self.instance._key])
        self.assertEqual(published[self.instance._key]["max_mails_hour"], 7)

    def test_another_plan_reaches_it_too(self):
        other = self.env.ref("saas_manager.plan_professional")
        self.draft.plan_id = other
        self.assertFalse(self._jobs(other, "_job_publish_limits"))
        self.instance.plan_id = other
        self.assertEqual(len(self._jobs(other, "_job_publish_limits")), 1)
