from unittest.mock import create_autospec, patch

from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.queue_job.tests.common import trap_jobs
from odoo.addons.saas_manager.models import saas_instance_suspension
from odoo.addons.saas_manager.saas_engine.directory import Directory

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestSuspension(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._activate(cls.instance)
        cls.directory = create_autospec(Directory, instance=True)
        cls.startClassPatcher(patch.object(saas_instance_suspension, "Directory", lambda cluster: cls.directory))

    def test_suspend_publishes_the_reason(self):
        with trap_jobs() as trap:
            self.instance.action_suspend("Invoice 42 is unpaid.")
            trap.assert_enqueued_job(self.instance._job_publish_state)
        self.assertEqual(self.instance.state, "suspended")
        self.instance._job_publish_state()
        self.directory.set_state.assert_called_with(self.instance._key, "suspended", "Invoice 42 is unpaid.")

    def test_resume(self):
        self.instance.action_suspend()
        self.instance.action_resume()
        self.assertEqual(self.instance.state, "active")
        self.instance._job_publish_state()
        self.directory.set_state.assert_called_with(self.instance._key, "active", "")
        self.assertEqual(set(self.instance.event_ids.mapped("kind")), {"suspended", "resumed"})

    def test_the_job_publishes_what_is_true_now(self):
        """Suspended and resumed before the first job ran: both jobs publish `active`."""
        self.instance.action_suspend()
        self.instance.action_resume()
        self.instance._job_publish_state()
        self.assertEqual(self.directory.set_state.call_args.args[1], "active")

    def test_twice_is_once(self):
        self.instance.action_suspend("first")
        self.instance.action_suspend("second")
        self.assertEqual(self.instance.reason, "first")

    def test_wizard(self):
        action = self.instance.action_open_suspend_wizard()
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
        wizard.reason = "Maintenance of your payment"
        wizard.save().action_confirm()
        self.assertEqual(self.instance.state, "suspended")
        self.assertEqual(self.instance.reason, "Maintenance of your payment")
