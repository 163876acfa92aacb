from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .. import app_limit
from .common import GatewayCase

# What is on the disk of these tests: two apps, a part of the second one, and one that comes by itself.
DISK = {
    "shop": {"application": True, "depends": ["stock"]},
    "stock": {"application": True, "depends": ["base"]},
    "stock_more": {"application": False, "depends": ["stock"]},
    "crm_x": {"application": True, "depends": ["base"]},
    "bridge": {"application": True, "depends": ["shop", "base"], "auto_install": {"shop", "base"}},
    "bridge_x": {"application": True, "depends": ["shop", "crm_x"], "auto_install": {"shop", "crm_x"}},
}
REFUSED = "The plan Starter does not include the app CRM.*Ask boss@example.com"


@tagged("post_install", "-at_install")
class TestAppLimit(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app = cls.env["ir.module.module"].search([("name", "=", "crm"), ("state", "=", "uninstalled")])

    def setUp(self):
        super().setUp()
        self.gateway = self.serve(plan_name="Starter", contact="boss@example.com", apps=["shop"])

    def _refused(self, *names):
        with patch.object(app_limit, "get_manifest", lambda name: DISK.get(name, {})):
            return app_limit.refused(self.env, names)

    def test_what_the_plan_covers(self):
        self.assertEqual(self._refused("shop", "stock", "stock_more", "bridge"), [])
        self.assertEqual(self._refused("crm_x", "bridge_x"), ["crm_x", "bridge_x"])

    def test_an_empty_list_allows_none_and_no_list_all(self):
        self.gateway.limits["apps"] = []
        self.assertEqual(self._refused("shop", "stock_more"), ["shop"])
        self.gateway.limits["apps"] = None
        self.assertEqual(self._refused("shop", "crm_x"), [])

    def test_every_way_to_install_is_refused(self):
        if not self.app:
            self.skipTest("crm is not there, or installed")
        app = self.app.with_user(self.admin)
        ways = {
            "button_immediate_install": lambda: app.button_immediate_install(),
            "button_install": lambda: app.button_install(),
            "write": lambda: app.write({"state": "to install"}),
            "sudo": lambda: app.sudo().write({"state": "installed"}),
        }
        for name, way in ways.items():
            with self.subTest(way=name), self.assertRaisesRegex(UserError, REFUSED), self.env.cr.savepoint():
                way()

    def test_what_is_said_about_a_module_in_its_record_changes_nothing(self):
        if not self.app:
            self.skipTest("crm is not there, or installed")
        self.app.write({"application": False})
        with self.assertRaisesRegex(UserError, REFUSED):
            self.app.button_install()

    def test_an_app_of_the_plan_is_installed_with_what_it_needs(self):
        if not self.app:
            self.skipTest("crm is not there, or installed")
        self.gateway.limits["apps"] = ["crm"]
        self.app.with_user(self.admin).button_install()
        self.assertEqual(self.app.state, "to install")

    def test_a_new_record_is_refused_too(self):
        if not self.app:
            self.skipTest("crm is not there, or installed")
        self.app.unlink()
        with self.assertRaisesRegex(UserError, "does not include the app"):
            self.env["ir.module.module"].create({"name": "crm", "state": "to install"})

    def test_what_is_there_is_left_alone(self):
        self.env["ir.module.module"]._get("mail").button_upgrade()
