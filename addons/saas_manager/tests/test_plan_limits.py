from types import SimpleNamespace
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_manager.models import saas_plan_limits
from odoo.addons.saas_manager.saas_engine import roles
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
        self.plan.description = "Other"
        self.assertFalse(self._jobs(self.plan, "_job_publish_limits"))
        self.plan.max_mails_hour = 7
        [job] = self._jobs(self.plan, "_job_publish_limits")
        with (
            patch.object(saas_plan_limits, "Directory", autospec=Directory) as directory,
            patch.object(roles, "set_limits", autospec=True) as set_limits,
        ):
            job.records._job_publish_limits()
        [published] = directory.return_value.set_limits.call_args.args
        self.assertEqual(list(published), [self.instance._key])
        self.assertEqual(published[self.instance._key]["max_mails_hour"], 7)
        # The role of the tenant gets the same limits.
        self.assertEqual(set_limits.call_args.args[1], published)

    def test_a_job_of_a_plan_that_failed_is_somebodys_task(self):
        self._create_users()
        self.plan._on_job_failed(SimpleNamespace(name="Publish the limits", exc_message="The server is away."))
        self.assertIn(self.administrator, self.plan.activity_ids.user_id)
        self.assertIn("The server is away.", str(self.plan.activity_ids.mapped("note")))

    def test_what_a_role_may_take_is_part_of_the_limits(self):
        self.plan.write({"connection_limit": 7, "statement_seconds": 8, "idle_transaction_seconds": 9})
        self.plan.temp_file_mb = 0
        wanted = roles.role_settings.expected(self.instance._prepare_tenant_spec().limits)
        self.assertEqual(
            wanted,
            {
                "connection limit": 7,
                "role": "saas_owner",
                "statement_timeout": "8s",
                "idle_in_transaction_session_timeout": "9s",
                "temp_file_limit": "-1",
            },
        )
        self.assertEqual(len(self._jobs(self.plan, "_job_publish_limits")), 1)

    def test_limits_of_a_role_are_not_negative(self):
        for name in ("statement_seconds", "idle_transaction_seconds", "temp_file_mb"):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.plan.write({name: -1})

    def test_what_people_read_in_a_tenant_is_published(self):
        company = self.instance.company_id
        company.write({"name": "Hosting Ltd", "email": "help@hosting.example"})
        limits = self.instance._prepare_limits()
        self.assertEqual((limits["plan_name"], limits["contact"]), ("Starter", "Hosting Ltd (help@hosting.example)"))
        self.assertEqual(limits["account_url"], f"{self.instance.get_base_url()}/my")
        company.email = False
        self.assertEqual(self.instance._prepare_limits()["contact"], "Hosting Ltd")
        self.plan.name = "Small"
        self.assertEqual(len(self._jobs(self.plan, "_job_publish_limits")), 1)

    def test_plans_with_own_code_are_named(self):
        plans = self.env["saas.plan"]
        plans.search([("own_code", "=", True)]).own_code = False
        self.assertEqual(self.instance._prepare_limits()["own_code_plans"], [])
        plans.create({"name": "Workshop", "code": "workshop", "own_code": True})
        self.assertEqual(self.instance._prepare_limits()["own_code_plans"], ["Workshop"])

    def test_apps_are_published(self):
        self.assertIsNone(self.plan._prepare_limits()["apps"])
        self.plan.apps = " crm, account,crm "
        self.assertEqual(self.instance._prepare_limits()["apps"], ["crm", "account"])
        self.assertEqual(len(self._jobs(self.plan, "_job_publish_limits")), 1)

    def test_apps_are_technical_names(self):
        refused = self.assertRaisesRegex(ValidationError, "Not a technical name of an app: 'Point of Sale'")
        with refused, self.env.cr.savepoint():
            self.plan.apps = "crm, Point of Sale"
        self.plan.apps = "mail, no_such_app"
        self.assertEqual(self.plan.apps_hint, "Discuss. Not known to this Odoo: no_such_app")
        form = self.plan.new({"name": "X", "apps": "Point of Sale"})
        self.assertIn("Not a technical name", form.apps_hint)

    def test_at_night_all_plans_in_use_are_published(self):
        self.env["saas.plan"]._cron_publish_limits()
        self.assertEqual(len(self._jobs(self.plan, "_job_publish_limits")), 1)
        self.assertFalse(self._jobs(self.env.ref("saas_manager.plan_enterprise"), "_job_publish_limits"))

    def test_another_plan_reaches_it_too(self):
        other = self.env.ref("saas_manager.plan_professional")
        self.draft.plan_id = other
        self.assertFalse(self._jobs(other, "_job_publish_limits"))
        self.instance.plan_id = other
        self.assertEqual(len(self._jobs(other, "_job_publish_limits")), 1)
