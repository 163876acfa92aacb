from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from odoo.addons.saas_manager import rpc_guard
from odoo.addons.saas_manager.compat import ODOO_19


@tagged("post_install", "-at_install")
class TestRpcGuard(TransactionCase):
    def _with_db_name(self, name):
        value = [name] if ODOO_19 else name
        self.patch(rpc_guard, "config", {**dict(config.options), "db_name": value})

    def test_only_the_own_database(self):
        self._with_db_name("manager")
        for service, method, params, allowed in (
            ("common", "version", (), True),
            ("common", "login", ("manager", "admin", "x"), True),
            ("common", "authenticate", ("acme", "admin", "x", {}), False),
            ("object", "execute_kw", ("manager", 2, "x", "res.users", "search", []), True),
            ("object", "execute_kw", ("acme", 2, "x", "res.users", "search", []), False),
            ("object", "execute_kw", (), False),
            ("db", "list", (), False),
            ("db", "db_exist", ("acme",), False),
            ("db", "drop", ("x", "manager"), False),
            ("db", "server_version", (), True),
        ):
            with self.subTest(service=service, method=method, params=params):
                self.assertEqual(rpc_guard.is_allowed(service, method, params), allowed)

    def test_installed_once(self):
        before = rpc_guard.http.dispatch_rpc
        rpc_guard.install()
        rpc_guard.install()
        self.assertTrue(rpc_guard.http.dispatch_rpc.is_saas_guard)
        self.assertIs(rpc_guard.http.dispatch_rpc, before)
