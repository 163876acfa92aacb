from datetime import date

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionCurrencies(SubscriptionCase, TransactionCase):
    """Whole lives in currencies that have no decimals, or three."""

    def _currency(self, name, rate, **values):
        currency = self.env.ref(f"base.{name}")
        currency.write({"active": True, **values})
        self.env["res.currency.rate"].create({"currency_id": currency.id, "name": "2020-01-01", "rate": rate})
        return currency

    def _live(self, currency, month, dear):
        """Start, become dearer after ten of thirty days, end after twenty; return (invoices, credit note)."""
        small = self._create_plan(f"s_{currency.name}", month, month * 10, currency_id=currency.id)
        big = self._create_plan(f"b_{currency.name}", dear, dear * 10, currency_id=currency.id)
        subscription = self._start("2026-04-01", plan_id=small.id)
        with self._on("2026-04-11"):
            preview = subscription._preview_change(Wanted(big, "month", 0, 0))
            subscription._change(Wanted(big, "month", 0, 0))
            change = self._invoices(subscription)[1]
            self.assertEqual(change.amount_untaxed, preview["amount"], "the preview is exact")
        with self._on("2026-04-21"):
            subscription.action_cancel_now()
        note = subscription.move_ids.filtered(lambda move: move.move_type == "out_refund")
        moves = subscription.move_ids
        self.assertEqual(moves.currency_id, currency)
        for move in moves:
            self.assertTrue(currency.is_zero(move.amount_total - currency.round(move.amount_total)))
        left = sum(self._invoices(subscription).mapped("amount_untaxed")) - note.amount_untaxed
        self.assertTrue(currency.is_zero(subscription.period_ids.amount - left), "the row says what was kept")
        return self._invoices(subscription), note

    def test_without_decimals(self):
        for name, values in (("JPY", {}), ("IDR", {"rounding": 1})):
            with self.subTest(name):
                moves, note = self._live(self._currency(name, 150, **values), 1000, 2500)
                self.assertEqual(moves.mapped("amount_untaxed"), [1000, 1667 - 667])
                self.assertEqual(moves.mapped("amount_tax"), [100, 100])
                self.assertEqual(note.amount_untaxed, 833)

    def test_three_decimals(self):
        self.env.ref("product.decimal_price").digits = 3
        for name in ("KWD", "TND"):
            with self.subTest(name):
                moves, note = self._live(self._currency(name, 0.3), 9.995, 25.125)
                self.assertEqual(moves.mapped("amount_untaxed"), [9.995, 10.087])
                self.assertEqual(moves[1].invoice_line_ids.mapped("price_subtotal"), [16.75, -6.663])
                self.assertEqual(note.amount_untaxed, 8.375)

    def test_three_decimals_that_invoices_would_round(self):
        """Odoo's unit prices have two digits unless somebody says otherwise: told when the plan is made."""
        self.env.ref("product.decimal_price").digits = 2
        dinar = self._currency("KWD", 0.3)
        with self.assertRaisesRegex(ValidationError, "Product Price"):
            self._create_plan("refused", 9.995, 99.95, currency_id=dinar.id)
        self.env.ref("product.decimal_price").digits = 3
        self._create_plan("dinar", 9.995, 99.95, currency_id=dinar.id)


@tagged("post_install", "-at_install")
class TestSubscriptionDays(SubscriptionCase, TransactionCase):
    """Zones, summer time, leap days, and clocks that jump."""

    def _at(self, moment):
        self.env.invalidate_all()
        return freeze_time(moment)

    def test_the_day_is_that_of_the_company(self):
        subscription = self._subscribe()
        for zone, moment, expected in (
            ("Pacific/Auckland", "2026-03-31 11:30:00", date(2026, 4, 1)),
            ("America/Los_Angeles", "2026-04-01 06:30:00", date(2026, 3, 31)),
            # The nights in which clocks change: the day before, and the short or long day itself.
            ("Europe/Berlin", "2026-03-28 22:59:59", date(2026, 3, 28)),
            ("Europe/Berlin", "2026-03-28 23:00:00", date(2026, 3, 29)),
            ("Europe/Berlin", "2026-03-29 21:59:59", date(2026, 3, 29)),
            ("Europe/Berlin", "2026-03-29 22:00:00", date(2026, 3, 30)),
            ("Europe/Berlin", "2026-10-24 22:00:00", date(2026, 10, 25)),
            ("Europe/Berlin", "2026-10-25 22:59:59", date(2026, 10, 25)),
            ("Europe/Berlin", "2026-10-25 23:00:00", date(2026, 10, 26)),
            # Days that some never had, and midnights that did not happen.
            ("Pacific/Apia", "2011-12-30 10:30:00", date(2011, 12, 31)),
            ("America/Sao_Paulo", "2018-11-04 03:00:00", date(2018, 11, 4)),
        ):
            with self.subTest(zone=zone, moment=moment), self._at(moment):
                self.env.company.partner_id.tz = zone
                self.assertEqual(subscription._today(), expected)

    def test_a_night_far_in_the_east_bills_its_own_day(self):
        self.env["saas.settings"]._set("saas.renew_days", 0)
        self.env.company.partner_id.tz = "Pacific/Kiritimati"  # 14 hours ahead
        subscription = self._start("2026-01-15")
        Subscription = self.env["saas.subscription"]
        self.assertEqual(subscription.next_period_start, date(2026, 2, 16), "it was the 16th there already")
        for moment, count in (("2026-02-15 09:30:00", 1), ("2026-02-15 10:30:00", 2)):
            with self._at(moment):
                Subscription._job_nightly("renew", Subscription.search(Subscription._get_renewal_domain()).ids)
            self.assertEqual(len(self._invoices(subscription)), count, moment)
        self.assertEqual(self._invoices(subscription)[1].invoice_date, date(2026, 2, 16))

    def test_no_day_is_lost_when_clocks_change(self):
        self.env.company.partner_id.tz = "Europe/Berlin"
        subscription = self._start("2026-01-29")
        for month in range(2, 12):
            self._night(f"2026-{month:02}-28", "renew")
        rows = subscription.period_ids.sorted("start")
        for row, following in zip(rows, rows[1:], strict=False):
            self.assertEqual(row.end, following.start)
        self.assertEqual(rows[2].mapped("start"), [date(2026, 3, 29)])

    def test_the_29th_of_february_comes_back(self):
        yearly = self._start("2028-02-29", interval="year")
        monthly = self._start("2028-02-29", billing_engine="external")
        self._night("2032-03-01", "renew")
        starts = yearly.period_ids.sorted("start").mapped("start")
        self.assertEqual(starts[:4], [date(2028, 2, 29), date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28)])
        self.assertEqual(starts[4], date(2032, 2, 29))
        months = monthly.period_ids.mapped("start")
        self.assertEqual(len(months), len(set(months)))
        self.assertEqual(len(months), 49)
        self.assertEqual({day.day for day in months}, {28, 29})
        self.assertIn(date(2032, 2, 29), months)

    def test_a_leap_day_is_a_day_of_its_period(self):
        subscription = self._start("2028-02-01")
        self._pay(subscription.move_ids)
        with self._on("2028-02-29"):
            subscription.action_cancel_now()
        note = subscription.move_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual(note.amount_untaxed, 1.03, "one day of twenty-nine")

    def test_the_clock_goes_back_a_day(self):
        """What was done stays done, and nothing is done twice; what is asked for meanwhile does not fail."""
        subscription = self._start("2026-01-15", self.instance)
        self._night("2026-01-29")
        before = (subscription.state, len(subscription.move_ids), len(subscription.step_ids))
        self._night("2026-01-28")
        self.assertEqual((subscription.state, len(subscription.move_ids), len(subscription.step_ids)), before)
        with self._on("2026-01-14"):
            preview = subscription._preview_change(Wanted(self.big_plan, "month", 0, 0))
            self.assertEqual((preview["credit"], preview["charge"]), (30, 90), "all days are left")
            subscription.action_cancel_now()
        note = subscription.move_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual(note.amount_untaxed, 30)
        self.assertEqual(subscription.state, "cancelled")

    def test_the_clock_goes_back_to_before_the_payment_was_due(self):
        """By that clock nothing is late, so all comes back; when it is right again nobody is reminded anew."""
        subscription = self._start("2026-01-15", self.instance)
        self._night("2026-01-22")
        self._night("2026-01-29")
        reminders = self._mails(subscription, "reminder")
        self.assertTrue(reminders)
        self._night("2026-01-14")
        self.assertEqual((subscription.state, self.instance.state), ("active", "active"))
        self._night("2026-01-29")
        self.assertEqual((subscription.state, self.instance.state), ("suspended", "suspended"))
        self.assertEqual(self._mails(subscription, "reminder"), reminders)
        self.assertEqual(len(subscription.move_ids), 1)

    def test_the_clock_goes_forward_a_month_and_back(self):
        subscription = self._start("2026-01-15", self.instance)
        self._pay(subscription.move_ids)
        self._night("2026-02-20")
        self.assertEqual(len(subscription.period_ids), 2)
        reminders = len(self._mails(subscription, "reminder"))
        self._night("2026-01-21")
        self.assertEqual(len(subscription.period_ids), 2)
        self.assertEqual(len(self._mails(subscription, "reminder")), reminders)
        with self._on("2026-01-21"):
            self._pay(self._invoices(subscription)[1])
        self.assertEqual(subscription.state, "active")
        for day in ("2026-02-10", "2026-02-20", "2026-03-08"):
            self._night(day)
        starts = sorted(subscription.period_ids.mapped("start"))
        self.assertEqual(starts, [date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15)])
