import base64
import io
import os
import zipfile
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TenantCase

STAYS = "cannot be uninstalled"


@tagged("post_install", "-at_install")
class TestModules(TenantCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addon = cls.env["ir.module.module"]._get("saas_tenant").with_user(cls.admin)

    def test_this_addon_stays(self):
        for method in ("button_immediate_uninstall", "button_uninstall", "module_uninstall"):
            with self.subTest(method=method), self.assertRaisesRegex(UserError, STAYS):
                getattr(self.addon, method)()
        self.assertEqual(self.addon.state, "installed")

    def test_what_it_needs_stays(self):
        for name in ("portal", "mail"):
            with self.subTest(module=name), self.assertRaisesRegex(UserError, STAYS):
                self.env["ir.module.module"]._get(name).with_user(self.admin).button_uninstall()

    def test_writing_its_record_is_refused(self):
        for values in ({"state": "to remove"}, {"state": "uninstalled"}, {"name": "other"}):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, STAYS):
                self.addon.write(values)
            with self.subTest(values=values, sudo=True), self.assertRaisesRegex(UserError, STAYS):
                self.addon.sudo().write(values)

    def test_a_command_may_uninstall_it(self):
        with patch.dict(os.environ, {"SAAS_SERVING": ""}):
            self.addon.button_uninstall()
        self.assertEqual(self.addon.state, "to remove")

    def test_upgrading_it_and_handling_other_modules_works(self):
        self.addon.button_upgrade()
        self.assertEqual(self.addon.state, "to upgrade")
        other = self.env["ir.module.module"].search([("state", "=", "uninstalled"), ("name", "=", "contacts")], limit=1)
        other = other or self.env["ir.module.module"].search([("state", "=", "uninstalled")], limit=1)
        other.with_user(self.admin).button_install()
        self.assertEqual(other.state, "to install")

    def test_importing_a_module_is_refused(self):
        if "base.import.module" not in self.env:
            self.skipTest("base_import_module is not installed")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(
                "mine/__manifest__.py", "{'name': 'Mine', 'version': '1.0', 'author': 'Me', 'license': 'LGPL-3'}"
            )
        wizard = (
            self.env["base.import.module"]
            .with_user(self.admin)
            .create({"module_file": base64.b64encode(content.getvalue())})
        )
        with self.assertRaisesRegex(UserError, "A plan with own code"):
            wizard.import_module()
        self.assertFalse(self.env["ir.module.module"].search([("name", "=", "mine")]))
        with self.own_code_allowed():
            wizard.import_module()
        self.assertTrue(self.env["ir.module.module"].search([("name", "=", "mine")]))
