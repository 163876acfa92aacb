from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionByHand(SubscriptionCase, TransactionCase):
    """What a person decides against the calendar, through the wizards that say what it means."""

    def setUp(self):
        super().setUp()
        self.subscription = self._start("2026-01-10", self.instance)

    def _wizard(self, name):
        model = self.env[f"saas.subscription.{name}.wizard"]
        return Form(model.with_context(default_subscription_id=self.subscription.id))

    # === SUSPENSION === #

    def test_the_wizard_suspends_with_a_reason(self):
        action = self.subscription.action_open_suspend_wizard()
        self.assertEqual(action["res_model"], "saas.subscription.suspend.wizard")
        wizard = self._wizard("suspend")
        self.assertTrue(wizard.reason, "there is a usual one")
        wizard.reason = "Moving house"
        wizard.save().action_confirm()
        self.assertRecordValues(
            self.subscription,
            [{"state": "suspended", "is_suspended_by_hand": True, "suspension_reason": "Moving house"}],
        )
        self.assertRecordValues(self.instance, [{"state": "suspended", "reason": "Moving house"}])
        self.subscription.action_resume()
        self.assertRecordValues(
            self.subscription, [{"state": "active", "is_suspended_by_hand": False, "suspension_reason": False}]
        )
        self.assertEqual(self.instance.state, "active")

    def test_no_payment_resumes_what_a_person_has_suspended(self):
        with self._on("2026-01-11"):
            self.subscription.action_suspend("Abuse")
        self._night("2026-02-20", "dun")
        self.assertIn("suspend", self.subscription.step_ids.mapped("kind"), "the invoice is late meanwhile")
        with self._on("2026-02-21"):
            self._pay(self.subscription.move_ids)
            self.assertEqual((self.subscription.state, self.instance.state), ("suspended", "suspended"))
            self.subscription.action_resume()
        self.assertEqual((self.subscription.state, self.instance.state), ("active", "active"))

    def test_a_payment_resumes_what_the_dunning_has_suspended(self):
        self._night("2026-02-20", "dun")
        self.assertRecordValues(self.subscription, [{"state": "suspended", "is_suspended_by_hand": False}])
        with self._on("2026-02-21"):
            self._pay(self.subscription.move_ids)
        self.assertEqual(self.subscription.state, "active")

    # === TERMINATION === #

    def test_the_wizard_terminates_and_it_can_be_undone(self):
        self._pay(self.subscription.move_ids)
        with self._on("2026-01-20"):
            action = self.subscription.action_terminate()
            self.assertEqual(action["res_model"], "saas.subscription.terminate.wizard")
            wizard = self._wizard("terminate")
            self.assertEqual(wizard.deletion_date, date(2026, 2, 3))
            wizard.reason, wizard.confirmation = "Abuse", f" {self.subscription.name.lower()} "
            wizard.save().action_confirm()
        self.assertRecordValues(
            self.subscription, [{"state": "cancelled", "end_cause": "company", "cancel_reason": "Abuse"}]
        )
        self.assertEqual(self.instance.state, "terminating")
        self.assertEqual(self.instance.deletion_date.date(), date(2026, 2, 3), "as the wizard has said")
        self.assertEqual(len(self.subscription.move_ids), 2, "what is left of the period is credited")
        with self._on("2026-02-02"):
            self.subscription.action_resume()
        self.assertRecordValues(self.subscription, [{"state": "active", "end_cause": False, "cancel_reason": False}])
        self.assertEqual(self.instance.state, "active")

    def test_without_a_credit_note(self):
        with self._on("2026-01-20"):
            wizard = self._wizard("terminate")
            wizard.confirmation, wizard.is_refunded = self.subscription.name, False
            wizard.save().action_confirm()
        self.assertEqual(len(self.subscription.move_ids), 1)

    def test_a_wrong_number_terminates_nothing(self):
        for confirmation in ("", "yes", "SUB"):
            wizard = self._wizard("terminate")
            wizard.confirmation = confirmation
            with self.subTest(confirmation), self.assertRaisesRegex(UserError, "Type the number"):
                wizard.save().action_confirm()
        self.assertEqual((self.subscription.state, self.instance.state), ("active", "active"))

    def test_what_is_deleted_stays_deleted(self):
        self.assertFalse(self.subscription.can_come_back, "it runs")
        self.subscription.action_terminate(self.subscription.name)
        self.assertTrue(self.subscription.can_come_back)
        self.instance._transition("terminated")
        self.env.invalidate_all()
        self.assertFalse(self.subscription.can_come_back)
        with self.assertRaisesRegex(UserError, "is deleted"):
            self.subscription.action_resume()

    def test_the_way_to_the_unpaid_invoice(self):
        self.assertEqual(self.subscription.action_view_unpaid_invoice()["res_id"], self.subscription.move_ids.id)
        self._pay(self.subscription.move_ids)
        with self.assertRaisesRegex(UserError, "are paid"):
            self.subscription.action_view_unpaid_invoice()

    # === WHO === #

    def test_users_only_look(self):
        self._create_users()
        mine = self.subscription.with_user(self.user)
        for action in (
            lambda: mine.action_suspend("Hacked"),
            lambda: mine.action_terminate(mine.name),
            lambda: self.env["saas.subscription.suspend.wizard"].with_user(self.user).create({}),
            lambda: self.env["saas.subscription.terminate.wizard"].with_user(self.user).create({}),
        ):
            with self.assertRaises(AccessError):
                action()
        self.subscription.with_user(self.manager).action_terminate(mine.name)
        self.assertEqual(self.subscription.state, "cancelled")

    def test_marks_can_not_be_forged(self):
        for values in ({"is_suspended_by_hand": True}, {"suspension_reason": "Forged"}):
            with self.subTest(values), self.assertRaises(AccessError):
                self.subscription.write(values)
