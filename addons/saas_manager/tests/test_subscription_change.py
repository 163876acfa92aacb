from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionChange(SubscriptionCase, TransactionCase):
    """Another plan, other add-ons, another interval; and that the preview says what then happens."""

    def setUp(self):
        super().setUp()
        self.subscription = self._start("2026-04-01", self.instance)
        self._pay(self.subscription.move_ids)

    def _wanted(self, plan=None, interval="month", users=0, storage=0):
        return Wanted(plan or self.plan, interval, users, storage)

    def _use(self, **use):
        Instance = self.env.registry["saas.instance"]
        return patch.object(Instance, "_saas_measure", lambda instance: use)

    def test_an_upgrade_at_once(self):
        with self._on("2026-04-16"):
            wizard = self._wizard(plan_id=self.big_plan)
            self.assertEqual((wizard.credit, wizard.charge, wizard.amount, wizard.recurring), (15, 45, 30, 90))
            self.assertTrue(wizard.is_now)
            self.assertFalse(wizard.problems)
            wizard.save().action_confirm()
        self.assertEqual((self.subscription.plan_id, self.instance.plan_id), (self.big_plan, self.big_plan))
        move = self._invoices(self.subscription)[1]
        self.assertRecordValues(move, [{"state": "posted", "amount_untaxed": 30, "amount_total": 33}])
        self.assertEqual(self.subscription.period_ids.amount, 60)
        self._night("2026-04-24")
        self.assertEqual(self._invoices(self.subscription)[2].amount_untaxed, 90)

    def test_an_upgrade_after_the_next_period_was_billed(self):
        self._night("2026-04-24")
        with self._on("2026-04-25"):
            preview = self.subscription._preview_change(self._wanted(self.big_plan))
            self.assertEqual((preview["charge"], preview["credit"]), (18 + 90, 6 + 30))
            self.subscription._change(self._wanted(self.big_plan))
        self.assertEqual(self._invoices(self.subscription)[2].amount_untaxed, 72)
        self.assertEqual(sum(self.subscription.period_ids.mapped("amount")), 42 + 90)

    def test_cancelling_after_an_upgrade_gives_back_both(self):
        with self._on("2026-04-16"):
            self.subscription._change(self._wanted(self.big_plan))
        with self._on("2026-04-21"):
            self.subscription.action_cancel_now()
        credit = self.subscription.move_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual(credit.amount_untaxed, 30, "ten days of a plan of 90")
        self.assertEqual(self.subscription.period_ids.amount, 30, "15 days of 30, 5 days of 90")

    def test_add_ons(self):
        with self._on("2026-04-16"):
            wizard = self._wizard(users=4)
            self.assertEqual((wizard.amount, wizard.recurring), (10, 50))
            wizard.save().action_confirm()
        self.assertEqual(self.subscription._get_quantity("users"), 4)
        self.assertEqual(self.instance._prepare_limits()["max_users"], 7)
        with self._on("2026-04-20"), self._use(users=1):
            self.subscription._change(self._wanted(users=0))
        self.assertEqual(self.subscription._get_quantity("users"), 4, "until what was paid for is over")
        with self._use(users=1):
            self._night("2026-05-01")
        self.assertEqual(self.subscription._get_quantity("users"), 0)

    def test_a_downgrade_when_the_period_is_over(self):
        with self._on("2026-04-02"):
            self.subscription._change(self._wanted(self.big_plan))
        with self._on("2026-04-16"), self._use(users=2):
            wizard = self._wizard(plan_id=self.plan)
            self.assertEqual((wizard.is_now, wizard.amount, wizard.recurring), (False, 0, 30))
            self.assertEqual(wizard.day, date(2026, 5, 1))
            wizard.save().action_confirm()
        self.assertEqual(self.subscription.plan_id, self.big_plan)
        self._pay(self._invoices(self.subscription)[1])
        self._night("2026-04-30")
        self.assertEqual((self.subscription.plan_id, len(self.subscription.period_ids)), (self.big_plan, 1))
        self._night("2026-05-01")
        self.assertEqual((self.subscription.plan_id, self.instance.plan_id), (self.plan, self.plan))
        self.assertEqual(self._invoices(self.subscription)[-1].amount_untaxed, 30)

    def test_a_downgrade_that_is_undone(self):
        self.subscription._change(self._wanted(self.big_plan))
        with self._on("2026-04-16"), self._use(users=2):
            self.subscription._change(self._wanted(self.plan))
            self.subscription.action_undo_change()
        self._night("2026-05-01")
        self.assertEqual(self.subscription.plan_id, self.big_plan)

    def test_a_downgrade_below_the_use(self):
        self.subscription._change(self._wanted(self.big_plan))
        with self._use(users=7, storage_gb=5.5), self.assertRaisesRegex(UserError, "7 internal users") as caught:
            self.subscription._change(self._wanted(self.plan))
        self.assertIn("archive some", str(caught.exception))
        self.assertFalse(self.subscription.pending_plan_id)
        with self._use(users=3, storage_gb=4):
            self.subscription._change(self._wanted(self.plan))
        self.assertEqual(self.subscription.pending_plan_id, self.plan)

    def test_from_months_to_years(self):
        with self._on("2026-04-16"):
            self.subscription._change(self._wanted(interval="year"))
        self.assertEqual(self.subscription.interval, "month")
        self._night("2026-05-01")
        self.assertEqual(self.subscription.interval, "year")
        newest = self.subscription.period_ids.sorted("start")[-1]
        self.assertRecordValues(newest, [{"start": date(2026, 5, 1), "end": date(2027, 5, 1), "amount": 300}])

    def test_in_the_trial_it_costs_nothing(self):
        trial = self._start("2026-04-01", trial_days=14)
        with self._on("2026-04-05"):
            trial._change(self._wanted(self.big_plan))
        self.assertEqual((trial.plan_id, trial.recurring_amount), (self.big_plan, 90))
        self.assertFalse(trial.move_ids)

    def test_who_may(self):
        self._create_users()
        with self.assertRaises(AccessError):
            self.subscription.with_user(self.user)._change(self._wanted(self.big_plan))
        self.subscription.with_user(self.manager)._change(self._wanted(self.big_plan))
        self.assertEqual(self.subscription.plan_id, self.big_plan)

    def test_what_stands_in_the_way(self):
        yen = self.env.ref("base.JPY")
        foreign = self._create_plan("yen", 1000, 10000, currency_id=yen.id)
        with self.assertRaisesRegex(UserError, "another currency"):
            self.subscription._change(self._wanted(foreign))
        self.subscription.action_cancel_at_end()
        with self.assertRaisesRegex(UserError, "Undo the cancellation"):
            self.subscription._change(self._wanted(self.big_plan))

    def test_cancelling_by_the_wizard(self):
        Wizard = self.env["saas.subscription.cancel.wizard"]
        with self._on("2026-04-16"):
            wizard = Wizard.create({"subscription_id": self.subscription.id, "reason": "Moves"})
            self.assertEqual(wizard.end_date, date(2026, 5, 1))
            wizard.action_confirm()
            self.assertRecordValues(
                self.subscription, [{"state": "active", "cancel_on": date(2026, 5, 1), "cancel_reason": "Moves"}]
            )
            wizard.when = "now"
            wizard.is_refunded = False
            wizard.action_confirm()
        self.assertEqual(self.subscription.state, "cancelled")
        self.assertEqual(len(self.subscription.move_ids), 1)
