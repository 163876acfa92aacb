from datetime import date

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscription(SubscriptionCase, TransactionCase):
    """The contract itself: lines, prices, states, and how it drives its instances."""

    def test_numbers_and_the_line_of_the_plan(self):
        first, second = self._subscribe(), self._subscribe()
        self.assertNotEqual(first.name, second.name)
        self.assertTrue(first.name.startswith("SUB"))
        self.assertRecordValues(first.line_ids, [{"kind": "plan", "name": "Small", "price_unit": 30, "amount": 30}])
        self.assertEqual((first.recurring_amount, first.monthly_amount), (30, 30))
        first.interval = "year"
        self.assertEqual((first.recurring_amount, first.monthly_amount), (300, 25))

    def test_who_has_subscribed_keeps_the_price(self):
        subscription = self._start("2026-01-31")
        self.plan.write({"price_month": 99, "active": False})
        self._night("2026-02-28")
        self.assertEqual(self._invoices(subscription).mapped("amount_untaxed"), [30, 30])

    def test_add_ons_and_discounts(self):
        subscription = self._subscribe()
        subscription.line_ids = [
            (0, 0, {"kind": "users", "quantity": 4}),
            (0, 0, {"kind": "storage", "quantity": 10, "discount_percent": 50}),
            (0, 0, {"kind": "other", "name": "Care", "price_unit": 7, "discount_amount": 9}),
        ]
        self.assertEqual(subscription.line_ids.mapped("amount"), [30, 20, 5, 0])
        self.assertEqual(subscription.recurring_amount, 55)

    @mute_logger("odoo.sql_db")
    def test_nonsense_is_refused(self):
        subscription = self._subscribe()
        for values in ({"quantity": -1}, {"discount_percent": 101}, {"discount_amount": -1}):
            with self.subTest(values), self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
                subscription.line_ids.write(values)
                self.env.flush_all()
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            subscription.line_ids = [(0, 0, {"kind": "plan"})]

    def test_the_line_of_the_plan_stays(self):
        subscription = self._subscribe()
        subscription.line_ids = [(0, 0, {"kind": "users", "quantity": 2})]
        plan, users = subscription.line_ids
        for action in (plan.unlink, lambda: plan.write({"kind": "other"})):
            with self.assertRaisesRegex(UserError, "stays"):
                action()
        users.unlink()
        self.assertEqual(subscription.line_ids, plan)

    def test_extras_are_added_to_the_limits(self):
        subscription = self._subscribe(self.instance)
        self.instance.plan_id = self.plan
        subscription.line_ids = [
            (0, 0, {"kind": "users", "quantity": 2}),
            (0, 0, {"kind": "storage", "quantity": 3}),
        ]
        limits = self.instance._prepare_tenant_spec().limits
        self.assertEqual((limits["max_users"], limits["max_storage_mb"]), (5, 8 * 1024))
        self.assertTrue(self._jobs(self.plan, "_job_publish_limits"))
        self.plan.max_users = 0
        self.assertEqual(self.instance._prepare_tenant_spec().limits["max_users"], 0, "unlimited stays unlimited")

    def test_an_instance_without_a_subscription_is_what_it_was(self):
        self.assertFalse(self.instance.subscription_id)
        limits = self.instance._prepare_tenant_spec().limits
        self.assertEqual({**limits, **self.instance.plan_id._prepare_limits()}, limits)

    def test_customer_and_company_are_the_same(self):
        subscription = self._subscribe()
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        foreign = self._create_instance("foreign", partner_id=stranger.id)
        with self.assertRaisesRegex(ValidationError, "same customer"):
            foreign.subscription_id = subscription
        colleague = self.env["res.partner"].create({"name": "Colleague", "parent_id": self.customer.id})
        self._create_instance("theirs", partner_id=colleague.id).subscription_id = subscription
        second = self.env["res.company"].create({"name": "Second"})
        with self.assertRaisesRegex(ValidationError, "same company"):
            self._create_instance("second", company_id=second.id).subscription_id = subscription
        self.plan.company_id = second
        with self.assertRaisesRegex(ValidationError, "another company"):
            self._subscribe()

    # === STATES === #

    def test_states_change_by_buttons_only(self):
        subscription = self._subscribe()
        for values in ({"state": "active"}, {"next_period_start": "2026-01-01"}, {"pending_plan_id": self.plan.id}):
            with self.subTest(values), self.assertRaises(AccessError):
                subscription.write(values)
        with self.assertRaises(AccessError):
            self._subscribe(state="active")

    def test_what_was_billed_stays(self):
        subscription = self._start("2026-01-15")
        other = self.env["res.partner"].create({"name": "Other"})
        for values in ({"partner_id": other.id}, {"plan_id": self.big_plan.id}, {"interval": "year"}):
            with self.subTest(values), self.assertRaisesRegex(UserError, "can't be changed"):
                subscription.write(values)
        with self.assertRaisesRegex(UserError, "cancel it"):
            subscription.unlink()
        self._subscribe().unlink()

    def test_forbidden_transitions_say_why(self):
        draft, ended = self._subscribe(), self._start("2026-01-15")
        ended.action_cancel_now()
        for action in (draft.action_suspend, draft.action_resume, draft.action_cancel_at_end, ended.action_suspend):
            with self.subTest(action), self.assertRaisesRegex(UserError, "can't become"):
                action()
        for action in (ended.action_start, ended.action_start_paid, ended.action_cancel_at_end):
            with self.subTest(action), self.assertRaisesRegex(UserError, "can't become"):
                action()

    def test_a_trial_becomes_a_contract(self):
        subscription = self._start("2026-01-20", self.instance, trial_days=14)
        self.assertRecordValues(
            subscription,
            [{"state": "trial", "trial_end": date(2026, 2, 3), "next_period_start": date(2026, 2, 3), "anchor": 3}],
        )
        self.assertFalse(subscription.period_ids, "nothing is billed before the trial is over")
        self._night("2026-02-02")
        self.assertEqual(subscription.state, "trial")
        self._night("2026-02-03")
        self.assertEqual(subscription.state, "active")
        self.assertRecordValues(subscription.period_ids, [{"start": date(2026, 2, 3), "end": date(2026, 3, 3)}])

    def test_the_end_of_a_trial_is_told_once(self):
        subscription = self._start("2026-01-20", trial_days=14)
        domain = [
            ("model", "=", "saas.subscription"),
            ("res_id", "=", subscription.id),
            ("subject", "like", "ends soon"),
        ]
        for day, count in (("2026-01-30", 0), ("2026-01-31", 1), ("2026-02-01", 1)):
            self._night(day)
            self.assertEqual(self.env["mail.mail"].search_count(domain), count, day)
        self.assertIn("02/03/2026", self.env["mail.mail"].search(domain).body_html)
        missed = self._start("2026-01-20", trial_days=14)
        self._night("2026-02-10", "dun")
        self.assertFalse(missed.trial_reminded_at, "it is over: too late for that")

    def test_a_trial_that_does_not_go_on(self):
        subscription = self._start("2026-01-20", self.instance, trial_days=14, auto_renew=False)
        self._night("2026-02-03")
        self.assertRecordValues(subscription, [{"state": "expired", "end_cause": "trial"}])
        self.assertFalse(subscription.move_ids)
        self.assertEqual(self.instance.state, "terminating")

    def test_a_trial_that_is_ended_early(self):
        subscription = self._start("2026-01-20", trial_days=14)
        with self._on("2026-01-25"):
            subscription.action_start_paid()
        self.assertRecordValues(subscription.period_ids, [{"start": date(2026, 1, 25), "end": date(2026, 2, 25)}])

    # === RESOURCES === #

    def test_start_provisions_and_sets_the_plan(self):
        draft = self._create_instance("fresh")
        subscription = self._start("2026-01-15", draft + self.instance)
        self.assertEqual(draft.state, "queued")
        self.assertEqual((draft + self.instance).plan_id, subscription.plan_id)
        self.assertEqual(self.instance.state, "active")

    def test_suspension_and_return(self):
        subscription = self._start("2026-01-15", self.instance)
        with self._on("2026-01-20"):
            subscription.action_suspend("Back soon")
        self.assertRecordValues(
            self.instance, [{"state": "suspended", "reason": "Back soon", "subscription_hold": "suspended"}]
        )
        with self._on("2026-03-20"):
            subscription.action_resume()
        self.assertRecordValues(self.instance, [{"state": "active", "subscription_hold": False}])
        self.assertEqual(subscription.next_period_start, date(2026, 3, 20), "days without service are not billed")

    def test_what_a_person_has_switched_off_stays_off(self):
        abused = self._activate(self._create_instance("abused"))
        subscription = self._start("2026-01-15", self.instance + abused)
        abused.action_suspend("Spam")
        subscription.action_suspend()
        subscription.action_resume()
        self.assertEqual((self.instance.state, abused.state), ("active", "suspended"))
        subscription.action_cancel_now()
        self.assertEqual((self.instance.state, abused.state), ("terminating", "terminating"))
        subscription.action_resume()
        self.assertEqual((self.instance.state, abused.state), ("active", "suspended"))

    def test_a_suspended_trial_comes_back_as_a_trial(self):
        subscription = self._start("2026-01-20", trial_days=14)
        with self._on("2026-01-22"):
            subscription.action_suspend()
            subscription.action_resume()
        self.assertEqual(subscription.state, "trial")

    def test_the_subscription_is_never_driven(self):
        subscription = self._start("2026-01-15", self.instance)
        self.instance.action_suspend()
        self.instance.action_resume()
        self.instance.action_terminate("acme")
        self.assertEqual(subscription.state, "active")

    # === CANCELLATION === #

    def test_cancel_at_the_end_and_think_again(self):
        subscription = self._start("2026-01-15", self.instance)
        self._pay(subscription.move_ids)
        with self._on("2026-01-20"):
            subscription.action_cancel_at_end("Too dear")
            self.assertEqual(subscription.cancel_on, date(2026, 2, 15))
            subscription.action_undo_cancellation()
            self.assertFalse(subscription.cancel_on)
            subscription.action_cancel_at_end("Too dear")
        self._night("2026-02-14")
        self.assertEqual(subscription.state, "active")
        self.assertEqual(len(subscription.period_ids), 1, "nothing is billed beyond the end")
        self._night("2026-02-15")
        self.assertRecordValues(
            subscription, [{"state": "cancelled", "cancel_reason": "Too dear", "end_cause": "customer"}]
        )
        self.assertEqual(self.instance.state, "terminating")
        self.assertEqual(len(subscription.move_ids), 1, "all of it was used: nothing is given back")

    def test_a_period_that_was_billed_in_advance_is_given_back(self):
        subscription = self._start("2026-01-15")
        self._night("2026-02-10")
        self.assertEqual(len(subscription.period_ids), 2)
        with self._on("2026-02-11"):
            subscription.action_cancel_at_end()
        self.assertEqual(subscription.cancel_on, date(2026, 2, 15))
        self._night("2026-02-15")
        credit = subscription.move_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual(credit.amount_total, 33)
        self.assertIn(self._invoices(subscription)[1].payment_state, ("paid", "reversed"))

    def test_cancel_now_gives_back_to_the_day(self):
        subscription = self._start("2026-04-01")
        self._pay(subscription.move_ids)
        with self._on("2026-04-16"):
            subscription.action_cancel_now("Closed")
        credit = subscription.move_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertRecordValues(credit, [{"state": "posted", "amount_untaxed": 15, "amount_total": 16.5}])
        self.assertRecordValues(subscription.period_ids, [{"end": date(2026, 4, 16), "amount": 15}])

    def test_cancel_now_and_come_back_on_the_same_day(self):
        subscription = self._start("2026-04-01")
        with self._on("2026-04-01"):
            subscription.action_cancel_now()
            self.assertTrue(subscription.period_ids.is_void)
            subscription.action_resume()
        self._night("2026-04-01", "renew")
        self.assertEqual(len(subscription.period_ids), 1)
        self.assertFalse(subscription.period_ids.is_void)
        self.assertEqual(self._invoices(subscription).mapped("amount_total"), [33, 33])

    def test_what_is_deleted_does_not_come_back(self):
        subscription = self._start("2026-01-15", self.instance)
        subscription.action_cancel_now()
        self.instance._transition("terminated")
        with self.assertRaisesRegex(UserError, "deleted"):
            subscription.action_resume()
