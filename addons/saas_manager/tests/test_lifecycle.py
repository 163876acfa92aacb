from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestLifecycle(SaasCase, TransactionCase):
    def test_state_cannot_be_written(self):
        for values in (
            {"state": "active"},
            {"uuid": "00000000-0000-0000-0000-000000000000"},
            {"template_database": "manager"},
            {"deletion_date": "2020-01-01"},
            {"welcome_used_at": False},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                self.instance.write(values)

    def test_a_forged_context_does_not_help(self):
        for forged in (True, "saas_transition", 1, {}):
            with self.subTest(forged), self.assertRaises(AccessError):
                self.instance.with_context(saas_transition=forged).write({"state": "active"})

    def test_a_record_begins_as_draft(self):
        with self.assertRaises(AccessError):
            self._create_instance("other", state="active")
        self.assertEqual(self._create_instance("other", state="draft").state, "draft")

    def test_copy_is_a_draft_of_its_own(self):
        self._activate(self.instance)
        copy = self.instance.copy({"subdomain": "copied"})
        self.assertEqual(copy.state, "draft")
        self.assertNotEqual(copy.uuid, self.instance.uuid)
        self.assertFalse(copy.template_database)

    def test_illegal_transitions(self):
        for action in ("action_suspend", "action_resume", "action_send_welcome"):
            with self.subTest(action), self.assertRaises(UserError):
                getattr(self.instance, action)()
        with self.assertRaises(UserError):
            self.instance.action_terminate("acme")
        self.assertEqual(self.instance.state, "draft")

    def test_fixed_after_the_request(self):
        self._activate(self.instance)
        for values in ({"subdomain": "other"}, {"template_id": self.template.copy({"code": "second"}).id}):
            with self.subTest(values), self.assertRaises(UserError):
                self.instance.write(values)
        self.instance.name = "Another label"
        self.assertEqual(self.instance.name, "Another label")

    def test_unlink(self):
        self._activate(self.instance)
        with self.assertRaises(UserError):
            self.instance.unlink()
        draft = self._create_instance("draft-one")
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_events_are_written_once(self):
        self._create_users()
        event = self.instance._log_event("note", "Something happened")
        for role in (self.user, self.manager, self.administrator):
            with self.subTest(role.login), self.assertRaises(AccessError):
                event.with_user(role).write({"message": "Nothing happened"})
            with self.subTest(role.login), self.assertRaises(AccessError):
                event.with_user(role).unlink()
        self.assertEqual(event.with_user(self.user).message, "Something happened")
