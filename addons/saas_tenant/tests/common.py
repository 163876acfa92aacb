import os
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import TransactionCase, new_test_user

from odoo.addons.base.tests.common import MockSmtplibCase

from .. import gateway


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


class Gateway:
    """Stands in for the gateway's module `limits`, which a test of this addon runs without."""

    def __init__(self, hosts=(), **limits):
        self.hosts, self.limits, self.sent, self.is_away = hosts, limits, 0, False
        self.surplus = frozenset()
        self.notices = {}

    def is_known(self, database):
        return True

    def of(self, database):
        return self.limits

    def surplus_of(self, database):
        return self.surplus

    def notices_of(self, database):
        return self.notices

    def mails_of(self, database):
        return None if self.is_away else self.sent

    def hosts_of(self, database):
        return self.hosts

    def reserve_mails(self, database, recipients):
        if self.is_away:
            return "away"
        for refusal in ("day", "hour"):
            limit = self.limits.get(f"max_mails_{refusal}", 0)
            if limit and self.sent + recipients > limit:
                return refusal
        self.sent += recipients
        return None


class GatewayCase(TenantCase):
    """A service that has a gateway."""

    def serve(self, **options):
        """Let the service have a gateway from now on, and return it."""
        served = Gateway(**options)
        self.startPatcher(patch.object(gateway, "limits", lambda: served))
        return served


class MailCase(MockSmtplibCase, GatewayCase):
    """Mails that leave through the relay of a service that has a gateway."""

    def send(self, **values):
        """Queue a mail and send the queue."""
        values = {"email_from": "jane@example.org", "subject": "Hello", "body_html": "<p>Hello</p>", **values}
        mail = self.env["mail.mail"].create({"email_to": "customer@example.net", **values})
        with self.mock_smtplib_connection():
            mail.send()
        return mail
