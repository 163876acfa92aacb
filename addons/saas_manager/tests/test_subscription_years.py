import random
from datetime import date, timedelta

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine import periods

from .subscription_common import SubscriptionCase

START = date(2027, 10, 31)  # over a leap day
DAYS = 400
LEGAL = {"trial", "active", "past_due", "suspended", "expired"}


@tagged("post_install", "-at_install")
class TestSubscriptionYears(SubscriptionCase, TransactionCase):
    """More than a year, day by day, with nights that fail and customers who pay when they like."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.random = random.Random(20271031)  # noqa: S311 - days of a test, no secret

    def _simulate(self, subscriptions, pays_after, nights):
        """Live through the days.

        :param dict pays_after: subscription -> function that gives the days until an invoice is paid, or None
        :param nights: function that tells whether the crons of a day run
        """
        due = {}
        for number in range(1, DAYS):
            day = START + timedelta(days=number)
            self._analyze(number)
            if nights(number):
                self._night(day.isoformat())
            with self._on(day.isoformat()):
                self._pay_what_is_due(subscriptions, pays_after, due, day)
            self.assertLessEqual(set(subscriptions.mapped("state")), LEGAL)

    def _pay_what_is_due(self, subscriptions, pays_after, due, day):
        for subscription in subscriptions:
            for move in subscription._get_unpaid_moves():
                if move not in due:
                    wait = pays_after(subscription)
                    due[move] = None if wait is None else day + timedelta(days=wait)
                if due[move] and due[move] <= day:
                    self._pay(move, day=day)

    def _starts(self, subscription):
        return sorted(subscription.period_ids.mapped("start"))

    def _expected(self, first, last):
        found = periods.due(first, "month", first.day, last, lead_days=7)
        return [period.start for period in found]

    def test_good_customers_and_bad_nights(self):
        """Whatever nights fail: each period is billed once, in order, and the sum is that of the price list."""
        chance = self.random
        subscriptions = self.env["saas.subscription"]
        for day in (date(2027, 10, 31), date(2027, 10, 29), date(2027, 10, 15)):
            subscriptions += self._start(day.isoformat())
        # The last nights run, so that nothing is still to be caught up when it is looked at.
        self._simulate(
            subscriptions,
            lambda _subscription: chance.randint(0, 5),
            lambda number: number > DAYS - 3 or chance.random() > 0.6 and not 100 < number < 115,
        )
        last = START + timedelta(days=DAYS - 1)
        for subscription in subscriptions:
            expected = self._expected(subscription.start_date, last)
            self.assertEqual(self._starts(subscription), expected)
            moves = self._invoices(subscription)
            self.assertEqual(moves.saas_period_id.mapped("start"), expected, "in order")
            self.assertEqual(sum(moves.mapped("amount_untaxed")), 30 * len(expected))
            self.assertEqual(subscription.state, "active")

    def test_bad_customers(self):
        """Late, very late, never: nothing is billed twice, no days overlap, and who pays is back."""
        late, very_late, never = (self._start(START.isoformat()) for _number in range(3))
        behaviour = {
            late: lambda: self.random.randint(3, 12),
            very_late: lambda: self.random.randint(16, 40),
            never: lambda: None,
        }
        self._simulate(
            late + very_late + never,
            lambda subscription: behaviour[subscription](),
            lambda _number: self.random.random() > 0.3,
        )
        self.assertEqual((never.state, never.end_cause, len(never.period_ids)), ("expired", "unpaid", 1))
        self.assertEqual(self._starts(late), self._expected(START, START + timedelta(days=DAYS - 2)))
        for subscription in (late, very_late):
            rows = subscription.period_ids.sorted("start")
            for row, following in zip(rows, rows[1:], strict=False):
                self.assertLessEqual(row.end, following.start)
            self.assertEqual(len(self._invoices(subscription)), len(rows))
            codes = [(step.move_id, step.code) for step in subscription.step_ids]
            self.assertEqual(len(codes), len(set(codes)))
        self.assertLess(len(very_late.period_ids), len(late.period_ids), "days without service are not billed")
