import os
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine.definitions import Definition
from odoo.addons.saas_manager.saas_engine.errors import ConfigurationError


@tagged("post_install", "-at_install")
class TestSettings(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["saas.settings"]
        cls.parameters = cls.env["ir.config_parameter"].sudo()
        cls.parameters.search([("key", "=like", "saas.%")]).unlink()

    def setUp(self):
        super().setUp()
        variables = {definition.variable: "" for definition in self.settings._get_definitions()}
        self.startPatcher(patch.dict(os.environ, variables))

    def test_defaults_fit_their_definitions(self):
        for definition in self.settings._get_definitions():
            with self.subTest(definition.name):
                self.assertEqual(self.settings._get(definition.name), definition.default)
                self.assertEqual(definition.parse(definition.format(definition.default)), definition.default)

    def test_environment_over_parameter_over_default(self):
        self.assertEqual(self.settings._get("saas.pool_max"), 4)
        self.parameters.set_param("saas.pool_max", "7")
        self.assertEqual(self.settings._get("saas.pool_max"), 7)
        with patch.dict(os.environ, {"SAAS_POOL_MAX": "0"}):
            self.assertEqual(self.settings._get("saas.pool_max"), 0)
        self.assertEqual(self.settings._get("saas.pool_max"), 7)

    def test_false_is_stored(self):
        self.settings._set("saas.template_rebuild", False)
        self.assertIs(self.settings._get("saas.template_rebuild"), False)

    def test_says_what_is_wrong(self):
        with patch.dict(os.environ, {"SAAS_POOL_MAX": "many"}), self.assertRaisesRegex(ConfigurationError, "SAAS_POOL"):
            self.settings._get("saas.pool_max")
        with self.assertRaisesRegex(ConfigurationError, r"saas\.pool_max"):
            self.settings._set("saas.pool_max", -1)
        with self.assertRaises(KeyError):
            self.settings._get("saas.master_secret")

    def test_addons_add_their_own(self):
        own = Definition("saas.example", "text", "none", "Example")
        original = type(self.settings)._get_definitions
        with patch.object(self.registry["saas.settings"], "_get_definitions", lambda model: [*original(model), own]):
            self.assertEqual(self.settings._get("saas.example"), "none")

    def test_labels_are_translated(self):
        [definition] = [each for each in self.settings._get_definitions() if each.name == "saas.pool_max"]
        self.assertEqual(definition.label._translate("en_US"), "Ready Clones at Most")

    def test_base_domain_of_settings_and_server(self):
        server = self.env["saas.server"].create({"name": "Away"})
        self.settings._set("saas.base_domain", "Example.COM")
        self.assertEqual(server._get_base_domain(), "example.com")
        server.base_domain = "other.example"
        self.assertEqual(server._get_base_domain(), "other.example")

    def test_public_address(self):
        address = self.env["saas.instance"]._get_public_scheme_and_port
        self.assertEqual(address(), ("https", ""))
        with patch.dict(os.environ, {"SAAS_PUBLIC_SCHEME": "http", "SAAS_PUBLIC_PORT": "8080"}):
            self.assertEqual(address(), ("http", ":8080"))
        with patch.dict(os.environ, {"SAAS_PUBLIC_SCHEME": "http", "SAAS_PUBLIC_PORT": "80"}):
            self.assertEqual(address(), ("http", ""))
