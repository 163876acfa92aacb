from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import TenantCase

CLAIMS = {"login": "tenant-admin", "by": "Sam <b>Support</b>", "nonce": "n" * 32}


@tagged("post_install", "-at_install")
class TestSignIn(TenantCase):
    """What the database keeps of a sign-in by the service's support. The way there is in tests/security."""

    def _use(self, **changes):
        return self.env["saas.sign.in"].sudo()._use({**CLAIMS, **changes})

    def test_once(self):
        self.assertEqual(self._use(), (self.admin, None))
        self.assertEqual(self._use(), (None, "used"))
        self.assertEqual(self._use(nonce="m" * 32), (self.admin, None))
        rows = self.env["saas.sign.in"].search([("user_id", "=", self.admin.id)])
        self.assertEqual(rows.mapped("operator"), [CLAIMS["by"]] * 2)

    def test_the_administrator_reads_it(self):
        self._use()
        [note] = self.admin.partner_id.message_ids.filtered(lambda message: "support signed in" in (message.body or ""))
        self.assertIn("&lt;b&gt;", note.body)
        Record = self.env["saas.sign.in"].with_user(self.admin)
        row = Record.search([], limit=1)
        self.assertEqual(row.operator, CLAIMS["by"])
        for attempt in (
            lambda: row.write({"operator": "Nobody"}),
            lambda: row.unlink(),
            lambda: Record.create({"operator": "Nobody", "nonce": "x"}),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_no_note_in_a_database_of_our_own(self):
        before = self.admin.partner_id.message_ids
        self.assertEqual(self._use(quiet=True), (self.admin, None))
        self.assertEqual(self.admin.partner_id.message_ids, before)
        self.assertEqual(self._use(quiet=True), (None, "used"))

    def test_others_do_not(self):
        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"{group}-user", group)
            with self.assertRaises(AccessError):
                self.env["saas.sign.in"].with_user(user).search([])

    def test_as_an_active_administrator_only(self):
        employee = new_test_user(self.env, "employee", "base.group_user")
        for login in (employee.login, "nobody", "__system__", "public"):
            user, problem = self._use(login=login, nonce=login)
            self.assertFalse(problem)
            self.assertTrue(user.active and user.has_group("base.group_system"))
            self.assertNotEqual(user.id, 1)
        self.admin.active = False
        self.assertNotEqual(self._use(nonce="later")[0], self.admin)
