import os
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from odoo.addons.saas_manager.saas_engine.definitions import Definition

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestSettingsPage(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.settings = cls.env["saas.settings"]
        cls.parameters = cls.env["ir.config_parameter"].sudo()
        cls.parameters.search([("key", "=like", "saas.%")]).unlink()

    def setUp(self):
        super().setUp()
        variables = {definition.variable: "" for definition in self.settings._get_definitions()}
        self.startPatcher(patch.dict(os.environ, variables))
        self.page = self.env["saas.settings.page"].with_user(self.administrator)

    def _save(self, **values):
        with Form(self.page) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return form.record.execute()

    def test_shows_every_definition(self):
        view = self.page.get_view(self.env.ref("saas_manager.saas_settings_page_view_form").id)["arch"]
        page = self.page.create({})
        for definition in self.settings._get_definitions():
            with self.subTest(definition.name):
                self.assertEqual(page[definition.field], definition.default)
                self.assertEqual(view.count(f'<field name="{definition.field}"'), 1)
                self.assertIn(f"Set by the environment variable {definition.variable}", view)

    def test_one_of_another_addon_finds_a_place(self):
        own = Definition("saas.pool_max", "integer", 4, "Mine", "What mine is for")
        with patch.object(self.registry["saas.settings"], "_get_definitions", lambda model: [own]):
            view = self.page.get_view(self.env.ref("saas_manager.saas_settings_page_view_form").id)["arch"]
        self.assertIn("What mine is for", view)

    def test_saves(self):
        self._save(saas_pool_max=7, saas_base_domain=" Example.COM ", saas_template_rebuild=False)
        get = self.settings._get
        self.assertEqual(get("saas.pool_max"), 7)
        self.assertEqual(get("saas.base_domain"), "example.com")
        self.assertIs(get("saas.template_rebuild"), False)
        self.assertFalse(self.parameters.get_param("saas.pool_min"), "what was not changed keeps its default")

    def test_refuses_and_changes_nothing(self):
        for values, message in (
            ({"saas_pool_max": 7, "saas_base_domain": "not a domain"}, "Base Domain.*must be a domain"),
            ({"saas_pool_max": 7, "saas_base_domain": False}, "Base Domain.*must be a domain"),
            ({"saas_pool_max": -1}, "Ready Clones at Most.*at least 0"),
            ({"saas_public_port": 70000}, "Public Port.*at most 65535"),
            ({"saas_public_scheme": False}, "https or http"),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                self.page.create(values).execute()
            self.assertEqual(self.settings._get("saas.pool_max"), 4)
            self.assertEqual(self.settings._get("saas.base_domain"), "localhost")

    def test_numbers_are_written_as_in_the_variable(self):
        """A port of 8080 is not 8,080."""
        arch = etree.fromstring(self.page.get_view(view_type="form")["arch"])  # noqa: S320 - Odoo's own answer
        for name in ("saas_public_port", "saas_pool_max"):
            [field] = arch.xpath(f"//setting//field[@name='{name}']")
            self.assertIn("'enable_formatting': False", field.get("options", ""))

    def test_the_environment_wins_and_is_named(self):
        with patch.dict(os.environ, {"SAAS_POOL_MAX": "9"}):
            form = Form(self.page)
            self.assertEqual(form.saas_pool_max, 9)
            with self.assertRaises(AssertionError, msg="the field is locked"):
                form.saas_pool_max = 3
            form.saas_pool_min = 1
            form.save().execute()
            with self.assertRaisesRegex(UserError, "SAAS_POOL_MAX"):
                self.page.create({"saas_pool_max": 3}).execute()
        self.assertEqual(self.settings._get("saas.pool_min"), 1)
        self.assertFalse(self.parameters.get_param("saas.pool_max"))

    def test_what_cannot_be_read_is_shown_and_repaired(self):
        self.parameters.set_param("saas.pool_max", "many")
        self.assertIn("saas.pool_max is 'many'", self.page.create({}).problems)
        self._save()
        self.assertEqual(self.settings._get("saas.pool_max"), 4)

    def test_a_new_base_domain_warns_of_existing_instances(self):
        form = Form(self.page)
        before = self.page._count_instances_of_base_domain()
        form.saas_base_domain = "example.com"
        self.assertEqual(bool(form.base_domain_warning), bool(before))
        self._activate(self.instance)
        form = Form(self.page)
        self.assertFalse(form.base_domain_warning)
        form.saas_base_domain = "example.com"
        self.assertIn(f"{before + 1} instances exist under localhost", form.base_domain_warning)
        self.instance.server_id.base_domain = "localhost"
        form.saas_base_domain = "example.org"
        self.assertFalse(self.page._count_instances_of_base_domain() > before)

    def test_system_users_may(self):
        system = new_test_user(self.env, "system", "base.group_system")
        self.page.with_user(system).create({"saas_pool_max": 5}).execute()
        self.assertEqual(self.settings._get("saas.pool_max"), 5)

    def test_nobody_else_may(self):
        employee = new_test_user(self.env, "employee", "base.group_user")
        portal = new_test_user(self.env, "portal", "base.group_portal")
        page = self.page.create({"saas_pool_max": 7})
        for user in (self.user, self.manager, employee, portal):
            theirs = page.with_user(user)
            for attempt in (
                lambda theirs=theirs: theirs.create({"saas_pool_max": 7}),
                lambda theirs=theirs: theirs.execute(),
                lambda theirs=theirs: theirs.read(["saas_pool_max"]),
                lambda theirs=theirs: theirs.default_get(["saas_pool_max"]),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    attempt()
        self.assertEqual(self.settings._get("saas.pool_max"), 4)

    def test_administrators_get_no_other_settings(self):
        """The page gives no way into Odoo's own settings and parameters."""
        other = self.env["res.config.settings"].with_user(self.administrator)
        for attempt in (
            lambda: other.create({}),
            lambda: self.env["ir.config_parameter"].with_user(self.administrator).set_param("saas.pool_max", "7"),
        ):
            with self.assertRaises(AccessError):
                attempt()
