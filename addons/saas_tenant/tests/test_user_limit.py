from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .. import internal_users
from ..compat import ODOO_19
from .common import GatewayCase

GROUPS = "group_ids" if ODOO_19 else "groups_id"
MEMBERS = "user_ids" if ODOO_19 else "users"
REFUSED = "The plan Starter allows .* internal users.* ask boss@example.com"


@tagged("post_install", "-at_install")
class TestUserLimit(GatewayCase):
    """One place is left; each test takes it, and then tries to take another one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.internal, cls.portal = cls.env.ref("base.group_user"), cls.env.ref("base.group_portal")
        cls.guest = new_test_user(cls.env, "guest", groups="base.group_portal")
        cls.archived = new_test_user(cls.env, "archived", groups="base.group_user")
        cls.archived.active = False
        cls.env.flush_all()
        cls.count = len(internal_users.find(cls.env.cr))

    def _limit(self, places):
        """Let the plan allow so many more users than there are."""
        limits = {"plan": "starter", "plan_name": "Starter", "contact": "boss@example.com"}
        self.serve(max_users=self.count + places, **limits)

    def _assert_held(self, add):
        """Do something that makes an internal user, first with a place left, then without."""
        self._limit(1)
        with self.env.cr.savepoint() as savepoint:
            add()
            self.env.flush_all()
            self.assertEqual(len(internal_users.find(self.env.cr)), self.count + 1)
            savepoint.rollback()
        self.env.invalidate_all()
        self._limit(0)
        with self.assertRaisesRegex(UserError, REFUSED), self.env.cr.savepoint():
            add()
        self.env.invalidate_all()
        self.assertEqual(len(internal_users.find(self.env.cr)), self.count)

    def _users(self):
        return self.env["res.users"].with_user(self.admin)

    def test_group_user_is_the_first_group(self):
        """What `internal_users.INTERNAL_USERS` builds on."""
        self.assertEqual(self.internal.id, 1)

    def test_creating(self):
        self._assert_held(lambda: self._users().create({"name": "A", "login": "a"}))

    def test_creating_as_the_system(self):
        self._assert_held(lambda: self.env["res.users"].sudo().create({"name": "A", "login": "a"}))

    def test_reactivating(self):
        self._assert_held(lambda: self.archived.with_user(self.admin).write({"active": True}))
        self._assert_held(lambda: self.archived.with_user(self.admin).action_unarchive())

    def test_duplicating(self):
        self._assert_held(lambda: self.admin.with_user(self.admin).copy({"login": "twin"}))

    def test_importing(self):
        self._limit(0)
        result = self._users().load(["name", "login"], [["A", "a"]])
        self.assertFalse(result["ids"])
        self.assertRegex(result["messages"][0]["message"], REFUSED)
        self._limit(1)
        self.assertTrue(self._users().load(["name", "login"], [["A", "a"]])["ids"])

    def test_promoting(self):
        commands = [(3, self.portal.id), (4, self.internal.id)]
        self._assert_held(lambda: self.guest.with_user(self.admin).write({GROUPS: commands}))

    def test_promoting_in_hiding(self):
        values = {GROUPS: [(3, self.portal.id), (4, self.internal.id)], "share": True}
        self._assert_held(lambda: self.guest.with_user(self.admin).write(values))

    def test_hiding_somebody_makes_no_place(self):
        self._limit(0)
        self.admin.with_user(self.admin).write({"share": True})
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, REFUSED):
            self.guest.write({GROUPS: [(3, self.portal.id), (4, self.internal.id)]})

    def test_joining_a_group(self):
        def join():
            self.guest.write({GROUPS: [(3, self.portal.id)]})
            self.internal.with_user(self.admin).write({MEMBERS: [(4, self.guest.id)]})

        self._assert_held(join)

    def test_a_group_that_implies_it(self):
        group = self.env["res.groups"].create({"name": "Mine"})
        self.guest.write({GROUPS: [(6, 0, group.ids)]})
        self.env.flush_all()
        self._assert_held(lambda: group.with_user(self.admin).write({"implied_ids": [(4, self.internal.id)]}))

    def test_a_new_group_with_users(self):
        self.guest.write({GROUPS: [(6, 0, [])]})
        self.env.flush_all()
        groups = self.env["res.groups"].with_user(self.admin)
        members = [(4, self.guest.id)]
        self._assert_held(
            lambda: groups.create({"name": "Mine", "implied_ids": [(4, self.internal.id)], MEMBERS: members})
        )

    def test_signing_up_as_an_internal_user(self):
        template = self.env.ref("base.template_portal_user_id")
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        values = {"name": "A", "login": "a@example.com", "password": "a-password-1"}
        template.write({GROUPS: [(6, 0, self.internal.ids)]})
        # Odoo's own error of signing up would hide why.
        self._assert_held(lambda: self.env["res.users"].sudo()._create_user_from_template(dict(values)))

    def test_inviting_sends_nothing_to_who_is_refused(self):
        self._limit(0)
        before = self.env["mail.mail"].sudo().search_count([])
        with self.assertRaisesRegex(UserError, REFUSED), self.env.cr.savepoint():
            self._users().create({"name": "A", "login": "a@example.com", "email": "a@example.com"})
        self.assertEqual(self.env["mail.mail"].sudo().search_count([]), before)

    def test_others_do_not_count(self):
        self._limit(0)
        new_test_user(self.env, "another-guest", groups="base.group_portal")
        values = {"name": "Gone", "login": "gone", "active": False}
        self.env["res.users"].with_context(no_reset_password=True).create(values)

    def test_who_is_above_the_limit_goes_on(self):
        self._limit(-1)
        self.admin.with_user(self.admin).write({"name": "Other", "signature": "Me"})
        group = self.env.ref("base.group_partner_manager")
        self.archived.write({GROUPS: [(4, group.id)]})
        user = self.env["res.users"].browse(max(internal_users.find(self.env.cr) - {self.admin.id, self.env.uid}))
        user.with_user(self.admin).write({"active": False})
        with self.assertRaisesRegex(UserError, REFUSED):
            user.with_user(self.admin).write({"active": True})

    def test_making_room_in_the_same_request(self):
        self._limit(0)
        user = self.env["res.users"].browse(max(internal_users.find(self.env.cr) - {self.admin.id, self.env.uid}))
        user.write({"active": False})
        self._users().create({"name": "A", "login": "a"})

    def test_no_limit(self):
        for limits in ({"max_users": 0}, {}):
            self.serve(**limits)
            with self.env.cr.savepoint() as savepoint:
                self._users().create({"name": "A", "login": "a"})
                savepoint.rollback()

    def test_the_administrator_reads_who_is_kept_out(self):
        gateway = self.serve(max_users=1, plan_name="Starter", contact="boss@example.com")
        self.assertIsNone(self.env["res.users"]._get_surplus_message())
        gateway.surplus = frozenset(self.archived.ids)
        message = self.env["res.users"]._get_surplus_message()
        self.assertRegex(message, "The plan Starter allows 1 internal users.* archived.* boss@example.com")
