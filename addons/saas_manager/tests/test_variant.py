from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.queue_job.tests.common import trap_jobs

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestVariant(SaasCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self._keep_builds_in_this_transaction()
        self.germany, self.euro = self.env.ref("base.de"), self.env.ref("base.EUR")
        self.restaurant = self.env.ref("saas_manager.template_restaurant")

    def _ask(self, subdomain, **values):
        """Have an instance that waits for a German Restaurant."""
        wishes = {"template_id": self.restaurant.id, "country_id": self.germany.id, **values}
        instance = self._create_instance(subdomain, **wishes)
        instance.action_provision()
        return instance

    def _build(self, template):
        with trap_jobs() as trap:
            template._job_build(template.build_ids[0].id)
            trap.assert_enqueued_job(template._job_release_waiting, args=(template.version,))
        template._job_release_waiting(template.version)

    # === WHAT A COUNTRY SUGGESTS === #

    def test_a_country_suggests_the_rest(self):
        instance = self._create_instance("guess", country_id=self.germany.id)
        self.assertEqual((instance.lang, instance.currency_id), ("de_DE", self.euro))
        self.assertEqual(instance.admin_tz, "Europe/Berlin")
        instance.country_id = self.env.ref("base.be")  # of several languages: the one chosen stays
        self.assertEqual((instance.lang, instance.admin_tz), ("de_DE", "Europe/Brussels"))

    def test_without_a_country_everything_is_the_templates(self):
        self.assertFalse(self.instance._has_wishes())
        self.assertTrue(self.instance.admin_tz)
        self.instance.action_provision()
        self.assertEqual((self.instance.template_id, self.instance.awaits_template), (self.template, False))
        self.assertEqual(self.instance._prepare_tenant_spec().lang, self.instance.admin_lang or "en_US")

    def test_the_form_says_what_is_built_first(self):
        instance = self._create_instance("hint", template_id=self.restaurant.id)
        self.assertFalse(instance.variant_hint)
        instance.country_id = self.germany
        self.assertIn("a few minutes", instance.variant_hint)
        self.assertFalse(self.restaurant.variant_ids)

    # === A VARIANT THAT DOES NOT EXIST === #

    def test_it_is_made_built_and_kept(self):
        instance = self._ask("acme-de")
        variant = instance.template_id
        self.assertEqual((variant.base_template_id, variant.state), (self.restaurant, "building"))
        self.assertEqual((variant.country_id, variant.lang, variant.currency_id), (self.germany, "de_DE", self.euro))
        self.assertEqual((variant.tz, variant.paper), ("Europe/Berlin", "A4"))
        self.assertEqual(variant.modules, self.restaurant.modules)
        self.assertIn("Germany", variant.name)
        self.assertEqual((instance.state, instance.step_ids[0].code), ("queued", "template"))
        self.assertEqual(instance.step_ids[0].state, "running")
        self.assertFalse(self._jobs(instance, "_job_provision_step"))
        self._build(variant)
        self.assertEqual(instance.step_ids[0].state, "done")
        self.assertEqual(instance.template_database, variant.database)
        job = self._jobs(instance, "_job_provision_step")
        self.assertEqual(job.args, ["reserve"])
        instance._job_provision_step("reserve")
        self.assertEqual(instance.state, "provisioning")
        self.assertEqual(instance._prepare_tenant_spec().lang, "de_DE")
        # The next customer gets it at once.
        following = self._ask("next-de")
        self.assertEqual((following.template_id, following.awaits_template), (variant, False))
        self.assertTrue(self._jobs(following, "_job_provision_step"))
        self.assertEqual(len(variant.build_ids), 1)

    def test_progress_is_what_the_build_says(self):
        instance = self._ask("acme-de")
        line = "2026-11-25 07:00:00,123 42 INFO tpl_x odoo.modules.loading: Loading module stock (34/60)"
        instance.template_id.build_ids[0].progress = line
        self.assertEqual(instance.template_progress, "Loading module stock (34/60)")

    def test_two_share_a_build(self):
        instances = self._ask("acme-a") | self._ask("acme-b")
        self.assertEqual(len(instances.template_id), 1)
        self.assertEqual(len(instances.template_id.build_ids), 1)
        self._build(instances.template_id)
        for instance in instances:
            self.assertEqual(len(self._jobs(instance, "_job_provision_step")), 1)

    def test_the_database_has_each_variant_once(self):
        variant = self._ask("acme-de").template_id
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.cr.savepoint():
            twin = variant.copy({"code": "twin"})
            twin._write_protected({"base_template_id": self.restaurant.id})
            twin.flush_recordset()

    def test_another_currency_is_another_variant(self):
        euro, franc = self._ask("acme-eur"), self._ask("acme-chf", currency_id=self.env.ref("base.CHF").id)
        self.assertEqual(franc.template_id.base_template_id, euro.template_id.base_template_id)
        self.assertNotEqual(franc.template_id, euro.template_id)
        self.assertIn("CHF", franc.template_id.name)
        self.assertNotEqual(franc.template_id.code, euro.template_id.code)

    def test_a_template_that_fits_is_taken_itself(self):
        self.template.write({"country_id": self.germany.id, "lang": "de_DE"})
        instance = self._ask("fits", template_id=self.template.id)
        self.assertEqual((instance.template_id, instance.awaits_template), (self.template, False))

    def test_an_archived_variant_is_used_again(self):
        variant = self._ask("acme-de").template_id
        self._build(variant)
        variant.active = False
        self.assertEqual(self._ask("again-de").template_id, variant)
        self.assertTrue(variant.active)

    # === A BUILD THAT FAILS === #

    def test_the_build_fails_and_a_retry_builds_again(self):
        instance = self._ask("acme-de")
        variant = instance.template_id
        self._fail_job(self._jobs(variant, "_job_build"), "Module not found: pos_restaurant")
        variant._job_release_waiting(variant.version)
        self.assertEqual((instance.state, instance.failure_step), ("failed", "template"))
        self.assertEqual(instance.failure_reason, "Module not found: pos_restaurant")
        self.assertEqual(instance.step_ids[0].state, "failed")
        instance.action_provision()
        self.assertEqual((instance.state, instance.template_id, variant.state), ("queued", variant, "building"))
        self._build(variant)
        instance._job_provision_step("reserve")
        self.assertEqual(instance.state, "provisioning")

    def test_the_build_is_cancelled(self):
        instance = self._ask("acme-de")
        variant = instance.template_id
        self._jobs(variant, "_job_build").write({"state": "cancelled"})
        variant._job_release_waiting(variant.version)
        self.assertEqual(instance.state, "failed")
        self.assertIn("Cancelled", instance.failure_reason)

    def test_a_newer_build_is_waited_for(self):
        instance = self._ask("acme-de")
        instance.template_id._job_release_waiting(0)
        self.assertEqual(instance.state, "queued")

    # === RULES === #

    def test_a_manager_may_ask_for_a_variant(self):
        self._create_users()
        instance = self._create_instance("acme-de", template_id=self.restaurant.id, country_id=self.germany.id)
        with self.assertRaises(AccessError):
            instance.with_user(self.user).action_provision()
        self.assertFalse(self.restaurant.variant_ids)
        instance.with_user(self.manager).action_provision()
        self.assertEqual(instance.template_id.state, "building")
        with self.assertRaises(AccessError):
            instance.template_id.with_user(self.manager).name = "Mine"

    def test_the_plan_of_the_base_template_holds_for_its_variants(self):
        self.plan.template_ids = self.restaurant
        self.assertEqual(self._ask("acme-de").state, "queued")
        self.plan.template_ids = self.template
        with self.assertRaises(UserError):
            self._ask("acme-fr", country_id=self.env.ref("base.fr").id)

    def test_nobody_forges(self):
        variant = self._ask("acme-de").template_id
        for record, values in (
            (self.instance, {"awaits_template": True}),
            (self.template, {"base_template_id": self.restaurant.id}),
            (self.template, {"variants_made": 7}),
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                record.write(values)
        with self.assertRaises(UserError):
            variant.country_id = self.env.ref("base.fr")
        instance = self._ask("acme-fr", country_id=self.env.ref("base.fr").id)
        with self.assertRaises(UserError):
            instance.lang = "en_US"

    def test_variants_follow_the_apps_of_their_base(self):
        variant = self._ask("acme-de").template_id
        self.restaurant.modules = "base,web,mail,pos_restaurant"
        self.assertEqual(variant.modules, "base,web,mail,pos_restaurant")
