from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionPrices(SubscriptionCase, TransactionCase):
    """Plans that become dearer, or go, while people are subscribed."""

    def setUp(self):
        super().setUp()
        self.subscription = self._start("2026-04-01", self.instance)
        self.subscription.line_ids = [Command.create({"kind": "users", "quantity": 2})]
        self._pay(self.subscription.move_ids)

    def test_to_the_present_price_when_the_billed_periods_are_over(self):
        self.assertFalse(self.subscription.has_former_prices)
        self.plan.write({"price_month": 45, "price_user_month": 6})
        self.assertTrue(self.subscription.has_former_prices)
        with self._on("2026-04-16"):
            wizard = self._wizard(at_present_prices=True)
            self.assertEqual((wizard.is_now, wizard.amount, wizard.recurring), (False, 0, 57))
            self.assertEqual(wizard.day, date(2026, 5, 1))
            wizard.save().action_confirm()
        self.assertEqual(self.subscription.recurring_amount, 40, "nothing changes before")
        self._night("2026-04-24")
        self.assertEqual(len(self._invoices(self.subscription)), 1)
        self._night("2026-05-01")
        self.assertEqual(self._invoices(self.subscription)[1].amount_untaxed, 57)
        self.assertFalse(self.subscription.has_former_prices)
        self.assertFalse(self.subscription.pending_present_prices)

    def test_the_button_opens_the_preview(self):
        self.plan.price_month = 45
        action = self.subscription.action_open_price_wizard()
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
        self.assertTrue(wizard.at_present_prices)
        self.assertEqual(wizard.recurring, 55)

    def test_a_price_that_fell(self):
        self.plan.price_month = 20
        with self._on("2026-04-16"):
            self._wizard(at_present_prices=True).save().action_confirm()
        self._night("2026-05-01")
        self.assertEqual(self._invoices(self.subscription)[1].amount_untaxed, 30)

    def test_thinking_again(self):
        self.plan.price_month = 45
        with self._on("2026-04-16"):
            self._wizard(at_present_prices=True).save().action_confirm()
            self.subscription.action_undo_change()
        self._night("2026-05-01")
        self.assertEqual(self._invoices(self.subscription)[1].amount_untaxed, 40)
        with self._on("2026-05-02"):
            self.subscription._change(Wanted(self.plan, "month", 3, 0))
        self.assertEqual(self.subscription.recurring_amount, 45, "other changes leave the price alone")

    def test_only_where_something_is_former(self):
        with self.assertRaisesRegex(UserError, "present prices already"):
            self.subscription._change(Wanted(self.plan, "month", 2, 0, True))
        self.plan.price_month = 45
        self.subscription._change(Wanted(self.plan, "month", 2, 0, True))
        self.assertTrue(self.subscription.pending_present_prices)

    def test_a_plan_that_is_gone_from_the_shelf(self):
        """Who has it keeps it, may buy more of it, and may leave it."""
        self.plan.active = False
        self._night("2026-05-01")
        self.assertEqual(self._invoices(self.subscription)[1].amount_untaxed, 40)
        with self._on("2026-05-02"):
            self._wizard(users=3).save().action_confirm()
            self.assertEqual((self.subscription.recurring_amount, self.subscription.plan_id), (45, self.plan))
            self._wizard(plan_id=self.big_plan).save().action_confirm()
        self.assertEqual(self.subscription.plan_id, self.big_plan)
        self.assertNotIn(self.plan, self.env["saas.plan"].search([]))


@tagged("post_install", "-at_install")
class TestSubscriptionPartner(SubscriptionCase, TransactionCase):
    """Customers who are merged or archived."""

    def test_two_contacts_become_one(self):
        subscription = self._start("2026-01-15", self.instance)
        self._pay(subscription.move_ids)
        double = self.env["res.partner"].create({"name": "Acme Incorporated", "email": "jane@acme.example"})
        Wizard = self.env["base.partner.merge.automatic.wizard"]
        Wizard.create({})._merge([self.customer.id, double.id], double)
        self.env.invalidate_all()
        self.assertEqual((subscription.partner_id, self.instance.partner_id), (double, double))
        self._night("2026-02-10")
        self.assertEqual(self._invoices(subscription).partner_id, double)
        with self._on("2026-02-11"):
            subscription._change(Wanted(self.big_plan, "month", 0, 0))
        self.assertEqual(self.instance.plan_id, self.big_plan)
        self.assertEqual(double.saas_subscription_count, 1)

    def test_a_customer_who_is_archived(self):
        """The contract goes on: who is owed something is not forgotten because a record was tidied away."""
        subscription = self._start("2026-01-15", self.instance)
        self.customer.action_archive()
        self._night("2026-01-22")
        self.assertEqual(subscription.state, "past_due")
        self.assertEqual(self._mails(subscription, "reminder").recipient_ids, self.customer)
        self._pay(subscription.move_ids)
        self._night("2026-02-10")
        moves = self._invoices(subscription)
        self.assertEqual((len(moves), moves.partner_id, moves.mapped("state")), (2, self.customer, ["posted"] * 2))
        with self._on("2026-02-10"):
            subscription.action_cancel_now()
        self.assertEqual(self.instance.state, "terminating")

    def test_a_customer_with_a_contract_is_not_deleted(self):
        self._start("2026-01-15")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.customer.unlink()
        self.assertTrue(self.customer.exists())


@tagged("post_install", "-at_install")
class TestSubscriptionBooks(SubscriptionCase, TransactionCase):
    """Two companies, closed days, numbers without gaps, and what accountants do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["res.company"].create(
            {"name": "Second", "currency_id": cls.env.ref("base.CHF").id, "country_id": cls.env.ref("base.ch").id}
        )
        cls.env["account.chart.template"].try_loading("generic_coa", cls.second, install_demo=False)
        cls.env.user.company_ids += cls.second

    def test_each_company_bills_its_own(self):
        currency = self.second.currency_id
        plan = self._create_plan("swiss", 50, 500, company_id=self.second.id, currency_id=currency.id)
        theirs = self._start("2026-01-15", plan_id=plan.id, company_id=self.second.id)
        ours = self._start("2026-01-15")
        self._night("2026-02-10")
        for subscription, company in ((ours, self.env.company), (theirs, self.second)):
            moves = self._invoices(subscription)
            self.assertEqual((len(moves), moves.company_id, moves.journal_id.company_id), (2, company, company))
            self.assertEqual(moves.line_ids.account_id.company_ids & company, company)
        self.assertEqual(self._invoices(theirs).currency_id, currency)
        self.assertFalse(self._invoices(theirs).invoice_line_ids.tax_ids & self.tax, "a tax of the other company")

    def test_closed_days_of_sales(self):
        subscription = self._start("2026-01-15")
        self._pay(subscription.move_ids)
        self.env.company.sale_lock_date = date(2026, 2, 28)
        self._night("2026-02-10")
        move = self._invoices(subscription)[1]
        self.assertEqual((move.state, move.invoice_date), ("posted", date(2026, 3, 1)))
        self.assertEqual(move.saas_period_id.start, date(2026, 2, 15), "the service is where it was")
        self.assertEqual(subscription.state, "active", "payment is due by the day of the invoice")
        with self._on("2026-02-20"):
            subscription.action_cancel_now()
        note = subscription.move_ids.filtered(lambda each: each.move_type == "out_refund")
        self.assertEqual((note.state, note.invoice_date), ("posted", date(2026, 3, 1)))

    @mute_logger("odoo.addons.saas_manager.models.saas_job_mixin")
    def test_runs_that_fail_leave_no_gaps(self):
        contracts = self.env["saas.subscription"]
        for _number in range(3):
            contracts += self._start("2026-01-15")
        Subscription, broken = self.env.registry["saas.subscription"], contracts[1]
        original = Subscription._bill_manual

        def fail_afterwards(records, rows):
            original(records, rows)
            if broken in records:
                raise ZeroDivisionError("after its invoice had a number")

        with patch.object(Subscription, "_bill_manual", fail_afterwards):
            self._night("2026-02-10", "renew")
        self.assertEqual([len(self._invoices(each)) for each in contracts], [2, 1, 2])
        self.assertTrue(broken.problem)
        self._night("2026-02-11", "renew")
        self.assertFalse(broken.problem)
        moves = self.env["account.move"].concat(*(self._invoices(each) for each in contracts)).sorted("name")
        numbers = [move.sequence_number for move in moves]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 6)))
        self.assertFalse(any(moves.mapped("made_sequence_gap")))

    def test_a_draft_is_looked_at_again_when_it_is_posted(self):
        """Set back to draft: not owed, not billed anew. Whatever the contract does meanwhile, it is still one."""
        subscription = self._start("2026-01-15", self.instance)
        move = subscription.move_ids
        with self._on("2026-01-20"):
            move.button_draft()
        self._night("2026-02-10")
        self.assertEqual(subscription.state, "active")
        self.assertEqual(len(self._invoices(subscription)), 2)
        with self._on("2026-02-11"):
            subscription.action_bill_again()
            self.assertEqual(len(self._invoices(subscription)), 2, "that is for cancelled ones")
            move.invoice_date_due = date(2026, 2, 10)
            move.action_post()
        self._night("2026-02-13")
        self.assertEqual(subscription.state, "past_due", "owed since its own day of payment")

    def test_a_draft_is_not_deleted_under_the_period(self):
        subscription = self._start("2026-01-15")
        with self._on("2026-01-16"):
            subscription.move_ids.button_draft()
            with self.assertRaisesRegex(UserError, "Cancel it instead"):
                subscription.move_ids.unlink()
        other = self.env["account.move"].create({"move_type": "out_invoice", "partner_id": self.customer.id})
        other.unlink()
        self.assertFalse(other.exists())

    def test_what_was_cancelled_is_neither_credited_nor_counted(self):
        """The accountant has taken the period's price back; a change or an end gives nothing back a second time."""
        subscription = self._start("2026-04-01")
        with self._on("2026-04-05"):
            subscription.move_ids.button_draft()
            subscription.move_ids.button_cancel()
        with self._on("2026-04-16"):
            preview = subscription._preview_change(Wanted(self.big_plan, "month", 0, 0))
            self.assertEqual((preview["credit"], preview["charge"]), (0, 45))
            subscription.action_cancel_now()
        self.assertFalse(subscription.move_ids.filtered(lambda move: move.move_type == "out_refund"))

    def test_billed_again_at_the_present_contract(self):
        subscription = self._start("2026-04-01")
        with self._on("2026-04-05"):
            subscription.move_ids.button_draft()
            subscription.move_ids.button_cancel()
            subscription.line_ids.price_unit = 25
            subscription.action_bill_again()
        [row] = subscription.period_ids
        self.assertRecordValues(row.move_id, [{"state": "posted", "amount_untaxed": 25}])
        self.assertEqual((row.amount, row.start), (25, date(2026, 4, 1)))
        with self._on("2026-04-16"):
            subscription.action_cancel_now()
        note = subscription.move_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual(note.amount_untaxed, 12.5)
