from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from odoo.addons.saas_manager.tests.common import SaasCase

from ..models.saas_instance import PARAMETER


class TenantConnection:
    """A tenant's database in these tests: the one at hand, which is an Odoo database as well."""

    def __init__(self, cr):
        self.cr = cr

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        return False

    @contextmanager
    def cursor(self):
        yield self.cr


@tagged("post_install", "-at_install")
class TestSaasExample(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = new_test_user(cls.env, "bea", "saas_manager.group_user", name="Bea", email="bea@example.com")
        cls.instance.support_user_id = cls.contact

    def setUp(self):
        super().setUp()
        self.provisioner.connect.side_effect = self._connect

    @contextmanager
    def _connect(self, spec):
        self.connected_to = spec.subdomain
        yield TenantConnection(self.env.cr)

    def _provision(self):
        """Click, and run the jobs that follow until the last one."""
        self.instance.action_provision()
        codes = self.instance._get_provision_steps()
        while codes:
            done = self.instance._get_provision_job_steps(codes[0])
            self.instance._job_provision_step(codes[0])
            codes = codes[len(done) :]

    def test_the_step_stands_before_the_address_is_published(self):
        steps = self.instance._get_provision_steps()
        self.assertEqual(steps.index("support") + 1, steps.index("publish"))
        self.assertEqual(steps.index("support") - 1, steps.index("personalise"))

    def test_the_step_needs_no_job_of_its_own(self):
        self.assertIn("support", self.instance._get_provision_job_steps("filestore"))

    def test_provisioning_writes_the_contact_into_the_tenants_database(self):
        self._provision()
        self.assertEqual(self.instance.state, "active")
        self.assertEqual(self.connected_to, "acme")
        step = self.instance.step_ids.filtered(lambda each: each.code == "support")
        self.assertEqual((step.state, step.name), ("done", "Introduce the support contact"))
        self.assertEqual(self._written(), ['"Bea" <bea@example.com>'])

    def test_the_step_may_run_twice(self):
        for _ in range(2):
            self.instance._provision_step_support()
        self.assertEqual(self._written(), ['"Bea" <bea@example.com>'])

    def test_without_a_contact_nothing_is_written(self):
        self.instance.support_user_id = False
        self._provision()
        self.assertEqual(self.instance.state, "active")
        self.assertEqual(self._written(), [])

    def test_a_contact_without_an_address_is_refused_at_the_click(self):
        self.contact.email = False
        with self.assertRaisesRegex(UserError, "Bea has no email address"):
            self.instance.action_provision()
        self.assertEqual(self.instance.state, "draft")

    def test_the_person_who_creates_an_instance_is_its_contact(self):
        manager = new_test_user(self.env, "max", "saas_manager.group_manager", email="max@example.com")
        form = Form(self.env["saas.instance"].with_user(manager))
        self.assertEqual(form.support_user_id, manager)

    def test_the_template_is_there_to_be_built(self):
        template = self.env.ref("saas_example.template_workshop")
        self.assertEqual((template.vertical, template.state), ("workshop", "draft"))
        self.assertIn("repair", template.modules.split(","))
        template.action_build()
        self.assertTrue(self._jobs(template, "_job_build"))
        self.assertLessEqual({"repair", "saas_tenant"}, set(template._prepare_template_spec(1).modules))

    def _written(self):
        self.env.cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [PARAMETER])
        return [value for (value,) in self.env.cr.fetchall()]

    # === A RESOURCE OF SUBSCRIPTIONS === #

    def test_a_mailbox_comes_and_goes_with_the_contract(self):
        subscription = self.env["saas.subscription"].create(
            {"partner_id": self.customer.id, "billing_engine": "free", "trial_days": 0}
        )
        subscription.mailbox_ids = [(0, 0, {"name": "info@acme.example"}), (0, 0, {"name": "jane@acme.example"})]
        info, jane = subscription.mailbox_ids
        subscription.action_start()
        self.assertEqual(subscription.mailbox_ids.mapped("state"), ["open", "open"])
        jane.state = "shut"  # by a person, who does not want it open
        subscription.action_suspend()
        self.assertEqual((info.state, info.subscription_hold, jane.subscription_hold), ("shut", "suspended", False))
        subscription.action_resume()
        self.assertEqual((info.state, jane.state), ("open", "shut"))
        subscription.action_cancel_now()
        subscription.action_resume()
        self.assertEqual((info.state, jane.state), ("open", "shut"))
