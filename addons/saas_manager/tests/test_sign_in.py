import base64
import json
import time

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.saas_manager.saas_engine import naming, sign_in

from .common import MASTER_SECRET, SaasCase


@tagged("post_install", "-at_install")
class TestSignIn(SaasCase, TransactionCase):
    """The manager's half. What the tenant makes of the link is in tests/security/test_sign_in.py."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls._activate(cls.instance)
        cls.instance.support_sign_in = True

    def _events(self, *domain):
        return self.env["saas.event"].search([("instance_id", "=", self.instance.id), *domain])

    def _visits(self):
        return self._events(("kind", "=", "access"), ("level", "=", "warning"))

    def test_the_link(self):
        action = self.instance.with_user(self.manager).action_sign_in()
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "new"))
        address, token = action["url"].split("#")
        self.assertEqual(address, f"{self.instance.url}/saas/sign-in")
        payload = token.split(".")[0]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        self.assertAlmostEqual(claims.pop("expires"), time.time() + 60, delta=5)
        nonce = claims.pop("nonce")
        self.assertGreaterEqual(len(nonce), 32)
        self.assertEqual(
            claims, {"host": self.instance._get_host(), "login": "jane@acme.example", "by": self.manager.name}
        )
        secret = naming.runtime_secret(MASTER_SECRET.encode(), self.instance.runtime_id.code)
        key = naming.sign_in_key(secret.encode(), self.instance._key)
        minted = sign_in.mint(key, **claims, nonce=nonce, now=0)
        self.assertNotEqual(minted, token, "another moment, another token")
        self.assertNotIn(token, str(self._events().mapped("message")))

    def test_who_clicked_is_in_the_timeline(self):
        for user in (self.manager, self.administrator):
            self.instance.with_user(user).action_sign_in()
            event = self._visits()[:1]
            self.assertEqual(event.user_id, user)
            self.assertIn(user.name, event.message)

    def test_without_consent(self):
        self.assertFalse(self._create_instance("other").support_sign_in, "nobody consents by default")
        self.instance.with_user(self.manager).support_sign_in = False
        with self.assertRaisesRegex(UserError, "has not agreed.*Support May Sign In"):
            self.instance.with_user(self.administrator).action_sign_in()
        self.assertFalse(self._visits())

    def test_consent_is_noted(self):
        self.instance.with_user(self.manager).support_sign_in = False
        event = self._events()[0]
        self.assertEqual((event.kind, event.user_id), ("access", self.manager))
        self.assertIn("not sign in any more", event.message)
        before = self._events()
        self.instance.support_sign_in = False
        self.assertEqual(self._events(), before)
        self.instance.support_sign_in = True
        self.assertIn("from now on", self._events()[0].message)

    def test_not_active(self):
        self.instance._write_protected({"state": "suspended", "reason": "Unpaid."})
        with self.assertRaisesRegex(UserError, "is suspended.*Unpaid"):
            self.instance.with_user(self.manager).action_sign_in()
        for state in ("draft", "provisioning", "terminating", "terminated", "failed"):
            self.instance._write_protected({"state": state})
            with self.subTest(state), self.assertRaisesRegex(UserError, "not active"):
                self.instance.with_user(self.manager).action_sign_in()
        self.assertFalse(self._visits())

    def test_for_managers_only(self):
        portal = new_test_user(self.env, "acme_portal", "base.group_portal", partner_id=self.customer.id)
        employee = new_test_user(self.env, "employee", "base.group_user")
        for user in (self.user, portal, employee):
            theirs = self.instance.with_user(user)
            for attempt in (theirs.action_sign_in, lambda theirs=theirs: theirs.write({"support_sign_in": True})):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    attempt()
        second = self.env["res.company"].create({"name": "Second"})
        theirs = self._activate(self._create_instance("theirs", company_id=second.id, support_sign_in=True))
        with self.assertRaises(AccessError):
            theirs.with_user(self.manager).action_sign_in()
        self.assertFalse(self._visits())
