from contextlib import contextmanager
from unittest.mock import MagicMock, patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine import companies
from odoo.addons.saas_manager.saas_engine.errors import EngineError

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestCompanies(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.line = cls._create_company(user_emails="Anna@acme.example, bob@acme.example")

    @classmethod
    def _create_company(cls, **values):
        germany = cls.env.ref("base.de")
        return cls.env["saas.instance.company"].create(
            {"instance_id": cls.instance.id, "name": "Acme Berlin", "country_id": germany.id, **values}
        )

    def _run(self):
        """Run the job, with the tenant's answers replaced; return what was asked for."""
        tenant = MagicMock()

        @contextmanager
        def administer(_spec):
            yield tenant

        self.provisioner.administer.side_effect = administer
        with patch.object(companies, "set_up") as set_up:
            self.instance._job_set_up_companies()
        return set_up.call_args

    def test_the_engine_gets_plain_values(self):
        spec = self.line._prepare_company_spec()
        self.assertEqual((spec.name, spec.country, spec.currency), ("Acme Berlin", "DE", "EUR"))
        self.assertEqual(spec.emails, ("anna@acme.example", "bob@acme.example"))

    def test_follows_the_provisioning(self):
        self.instance._transition("queued")
        self.instance._transition("provisioning")
        self._activate(self.instance)._write_protected({"state": "provisioning", "requested_clock": 1})
        self.instance._finish_provisioning()
        self.assertEqual((self.instance.state, self.instance.companies_state), ("active", "running"))
        self.assertEqual(len(self._jobs(self.instance, "_job_set_up_companies")), 1)

    def test_set_up_once(self):
        self._activate(self.instance).action_set_up_companies()
        _odoo, [spec] = self._run().args
        self.assertEqual(spec.key, str(self.line.id))
        self.assertEqual((self.line.state, self.instance.companies_state), ("done", "done"))
        self.assertIsNone(self._run(), "a second run finds nothing to do")
        with self.assertRaisesRegex(UserError, "All companies are set up"):
            self.instance.action_set_up_companies()

    def test_a_failure_leaves_a_reason_and_a_way_on(self):
        self._activate(self.instance).action_set_up_companies()
        self.provisioner.administer.side_effect = EngineError("acme refused: no such currency")
        with self.assertRaises(EngineError):
            self.instance._job_set_up_companies()
        [job] = self._jobs(self.instance, "_job_set_up_companies")
        self._fail_job(job, "acme refused: no such currency")
        self.assertEqual((self.instance.state, self.instance.companies_state), ("active", "failed"))
        self.assertIn("no such currency", self.instance.companies_error)
        self.assertTrue(self.instance.activity_ids)
        self.instance.action_set_up_companies()
        self.assertEqual((self.instance.companies_state, self.instance.companies_error), ("running", False))

    def test_what_exists_is_the_customers(self):
        self.line._transition("done")
        with self.assertRaisesRegex(UserError, "set up already"):
            self.line.name = "Other"
        with self.assertRaisesRegex(UserError, "set up already"):
            self.line.unlink()
        self._create_company(name="Acme Hamburg").unlink()

    def test_bad_input(self):
        for text in ("anna", "anna@", "anna@acme.example bob@acme.example", "<script>@x"):
            with self.subTest(text), self.assertRaisesRegex(ValidationError, "not an email address"):
                self._create_company(user_emails=text)
        with self.assertRaisesRegex(UserError, "when the instance is active"):
            self.instance.action_set_up_companies()
        with self.assertRaises(AccessError):
            self.line.with_user(self.manager).write({"state": "done"})
        with self.assertRaises(AccessError):
            self.instance.with_user(self.manager).write({"companies_state": "done"})

    def test_roles(self):
        self._activate(self.instance)
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).action_set_up_companies()
        self.instance.with_user(self.manager).action_set_up_companies()
        self.assertEqual(self.instance.companies_state, "running")
