import os
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import TransactionCase, new_test_user


class TenantCase(TransactionCase):
    """A shared service, and an administrator of the tenant in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(cls.env, "tenant-admin", groups="base.group_system,base.group_partner_manager")
        cls.partner_model = cls.env["ir.model"]._get("res.partner")

    def setUp(self):
        super().setUp()
        # The registry of a test may still be loading; the addon's refusals are for one that is ready.
        self.patch(self.env.registry, "ready", True)
        self.startPatcher(patch.dict(os.environ, {"SAAS_SERVING": "1", "SAAS_OWN_CODE": ""}))

    @contextmanager
    def own_code_allowed(self):
        """A service of the tenant's own."""
        with patch.dict(os.environ, {"SAAS_OWN_CODE": "1"}):
            yield
