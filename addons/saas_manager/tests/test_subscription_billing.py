from datetime import date

import psycopg2

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionBilling(SubscriptionCase, TransactionCase):
    """Periods and their invoices."""

    def test_the_first_invoice(self):
        subscription = self._start("2026-01-31")
        [move] = subscription.move_ids
        self.assertRecordValues(
            move,
            [
                {
                    "state": "posted",
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": date(2026, 1, 31),
                    "amount_untaxed": 30,
                    "amount_total": 33,
                    "invoice_origin": subscription.name,
                    "saas_period_id": subscription.period_ids.id,
                }
            ],
        )
        self.assertRecordValues(
            move.invoice_line_ids,
            [
                {
                    "product_id": self.product.id,
                    "quantity": 1,
                    "price_unit": 30,
                    "tax_ids": self.tax.ids,
                    "saas_start": date(2026, 1, 31),
                    "saas_end": date(2026, 2, 28),
                }
            ],
        )
        self.assertIn("01/31/2026 to 02/27/2026", move.invoice_line_ids.name)

    def test_the_anchor_holds_over_the_months(self):
        subscription = self._start("2026-01-31")
        for day in ("2026-02-21", "2026-02-28", "2026-03-24", "2026-04-23", "2026-05-24"):
            self._night(day, "renew")
        self.assertEqual(
            subscription.period_ids.sorted("start").mapped("start"),
            [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)],
        )

    def test_a_renewal_is_invoiced_seven_days_before(self):
        subscription = self._start("2026-01-15")
        self._pay(subscription.move_ids)
        self._night("2026-02-07")
        self.assertEqual(len(subscription.move_ids), 1)
        self._night("2026-02-08")
        self.assertEqual(len(subscription.move_ids), 2)
        self._pay(self._invoices(subscription)[1])
        self.env["saas.settings"]._set("saas.renew_days", 0)
        self._night("2026-03-14")
        self.assertEqual(len(subscription.move_ids), 2)
        self._night("2026-03-15")
        self.assertEqual(len(subscription.move_ids), 3)

    def test_a_year(self):
        subscription = self._start("2028-02-29", interval="year")
        self._night("2029-02-21")
        self.assertEqual(subscription.period_ids.sorted("start").mapped("end"), [date(2029, 2, 28), date(2030, 2, 28)])
        self.assertEqual(self._invoices(subscription).mapped("amount_untaxed"), [300, 300])

    def test_what_was_missed_is_billed_once_and_in_order(self):
        subscription = self._start("2026-01-10")
        self._night("2026-04-20", "renew")
        self._night("2026-04-20", "renew")
        moves = self._invoices(subscription)
        self.assertEqual(
            moves.saas_period_id.mapped("start"),
            [date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10), date(2026, 4, 10)],
        )
        self.assertEqual(moves.mapped("name"), sorted(moves.mapped("name")))

    def test_without_renewal_it_ends(self):
        subscription = self._start("2026-01-15", self.instance, auto_renew=False)
        self._pay(subscription.move_ids)
        self._night("2026-02-14")
        self.assertEqual(subscription.state, "active")
        self._night("2026-02-15")
        self.assertRecordValues(subscription, [{"state": "expired", "end_cause": "not_renewed"}])
        self.assertEqual(len(subscription.move_ids), 1)

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_a_second_row(self):
        subscription = self._start("2026-01-15")
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            subscription.period_ids.copy({"end": date(2026, 3, 1)})

    def test_discounts_for_some_periods(self):
        subscription = self._subscribe()
        subscription.line_ids.write({"discount_percent": 10, "discount_amount": 2, "discount_periods": 2})
        with self._on("2026-01-10"):
            subscription.action_start()
        self._night("2026-03-10", "renew")
        moves = self._invoices(subscription)
        self.assertEqual(moves.mapped("amount_untaxed"), [25, 25, 30])
        self.assertEqual(subscription.period_ids.sorted("start").mapped("amount"), [25, 25, 30])
        self.assertEqual(moves[0].invoice_line_ids.mapped("price_subtotal"), [27, -2])

    def test_free(self):
        subscription = self._start("2026-01-15", billing_engine="free")
        self._night("2026-02-15")
        self.assertFalse(subscription.move_ids)
        self.assertRecordValues(subscription.period_ids.sorted("start"), [{"amount": 0}, {"amount": 0}])

    def test_external(self):
        subscription = self._start("2026-01-15", self.instance, billing_engine="external")
        self.assertFalse(subscription.move_ids)
        self.assertEqual(subscription.period_ids.amount, 30)
        subscription.action_mark_past_due()
        self._night("2026-02-15")
        self.assertEqual(subscription.state, "past_due", "nobody but the partner knows what is paid")
        subscription.action_mark_paid()
        self.assertEqual(subscription.state, "active")
        with self.assertRaisesRegex(UserError, "follows its invoices"):
            self._start("2026-01-15").action_mark_paid()

    def test_terms_fiscal_position_and_address(self):
        reverse = self.env["account.fiscal.position"].create(
            {"name": "Reverse charge", "auto_apply": True, "vat_required": True}
        )
        zero = self.env["account.tax"].create({"name": "Zero", "amount": 0, "type_tax_use": "sale"})
        if "tax_ids" in reverse._fields and reverse._fields["tax_ids"].comodel_name == "account.fiscal.position.tax":
            reverse.tax_ids = [Command.create({"tax_src_id": self.tax.id, "tax_dest_id": zero.id})]
        else:
            zero.write({"fiscal_position_ids": [Command.link(reverse.id)], "original_tax_ids": self.tax.ids})
        terms = self.env.ref("account.account_payment_term_30days")
        billing = self.env["res.partner"].create(
            {
                "name": "Billing",
                "type": "invoice",
                "parent_id": self.customer.id,
                "country_id": self.env.ref("base.be").id,
            }
        )
        self.customer.write({"vat": "BE0477472701", "country_id": self.env.ref("base.be").id})
        self.customer.property_payment_term_id = terms
        move = self._start("2026-01-15").move_ids
        self.assertEqual((move.partner_id, move.fiscal_position_id), (billing, reverse))
        self.assertEqual(move.invoice_line_ids.tax_ids, zero)
        self.assertEqual((move.amount_total, move.invoice_date_due), (30, date(2026, 2, 14)))

    def test_a_currency_without_decimals(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create({"currency_id": yen.id, "name": "2020-01-01", "rate": 150})
        plan = self._create_plan("yen", 1000, 10000, currency_id=yen.id)
        subscription = self._start("2026-04-01", plan_id=plan.id)
        self.assertRecordValues(subscription.move_ids, [{"currency_id": yen.id, "amount_total": 1100}])
        with self._on("2026-04-11"):
            subscription.action_cancel_now()
        self.assertRecordValues(
            subscription.move_ids.filtered(lambda move: move.move_type == "out_refund"),
            [{"currency_id": yen.id, "amount_untaxed": 667}],
        )

    def test_the_customer_hears_of_an_invoice(self):
        self.customer.email = "jane@acme.example"
        subscription = self._start("2026-01-15")
        mine = [("model", "=", "saas.subscription"), ("res_id", "=", subscription.id)]
        mail = self.env["mail.mail"].search([*mine, ("subject", "like", "Invoice%")])
        self.assertIn(subscription.name, mail.subject)
        self.assertIn(subscription.move_ids.name, mail.body_html)
        self.assertEqual(mail.recipient_ids, self.customer)

    def test_a_person_without_rights_in_accounting_may_start_it(self):
        self._create_users()
        subscription = self._subscribe().with_user(self.manager)
        with self._on("2026-01-15"):
            subscription.action_start()
        self.assertEqual(subscription.sudo().move_ids.state, "posted")
        with self._on("2026-01-20"):
            subscription._change(Wanted(self.big_plan.with_user(self.manager), "month", 2, 0))
            self.assertEqual(len(subscription.sudo().move_ids), 2)
            self.assertTrue(subscription.next_html)
            subscription.action_cancel_now()
        self.assertEqual(len(subscription.sudo().move_ids), 3)

    def test_a_company_without_a_chart_is_told(self):
        second = self.env["res.company"].create({"name": "Second"})
        subscription = self._subscribe(company_id=second.id)
        with self.assertRaisesRegex(UserError, "no chart of accounts"):
            subscription.action_start()
        subscription.billing_engine = "external"
        subscription.action_start()
        self.assertEqual(subscription.state, "active")

    # === THE ACCOUNTANT === #

    def test_an_invoice_that_is_cancelled(self):
        subscription = self._start("2026-01-15")
        self._night("2026-01-20")
        self.assertEqual(subscription.state, "past_due")
        with self._on("2026-01-21"):
            subscription.move_ids.button_draft()
            self.assertEqual(subscription.state, "active")
            subscription.move_ids.button_cancel()
        self.assertTrue(subscription.activity_ids)
        self._night("2026-01-30")
        self.assertEqual(subscription.state, "active")
        self.assertEqual(len(subscription.move_ids), 1, "nothing is billed in its place by itself")
        with self._on("2026-01-30"):
            subscription.action_bill_again()
            subscription.action_bill_again()
        self.assertEqual(subscription.move_ids.mapped("state").count("posted"), 1)
        self.assertEqual(subscription.period_ids.move_id.state, "posted")

    def test_a_draft_that_is_posted_again(self):
        subscription = self._start("2026-01-15")
        with self._on("2026-01-15"):
            subscription.move_ids.button_draft()
            subscription.move_ids.action_post()
        self._night("2026-01-20")
        self.assertEqual(subscription.state, "past_due")

    def test_a_locked_day_moves_the_entry_not_the_invoice(self):
        subscription = self._subscribe()
        self.env.company.fiscalyear_lock_date = date(2026, 1, 31)
        with self._on("2026-01-15"):
            subscription.action_start()
        self.assertEqual(subscription.move_ids.state, "posted")
        self.assertGreater(subscription.move_ids.date, date(2026, 1, 31))
