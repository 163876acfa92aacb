from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionMissedNights(SubscriptionCase, TransactionCase):
    """People act while the nights have not run: what was used until then is billed all the same, once."""

    def setUp(self):
        super().setUp()
        self.subscription = self._start("2026-01-15")
        self._pay(self.subscription.move_ids, day=date(2026, 1, 15))

    def _amounts(self):
        """Return the days and amounts of the periods that count."""
        rows = self.subscription.period_ids.filtered(lambda row: not row.is_void).sorted("start")
        return [(row.start, row.end, row.amount) for row in rows]

    def test_a_cancellation_for_the_end_of_the_period(self):
        with self._on("2026-02-25"):
            self.subscription.action_cancel_at_end()
        self.assertEqual(self.subscription.cancel_on, date(2026, 3, 15), "the period that runs was not billed yet")
        self.assertEqual(self._amounts()[1:], [(date(2026, 2, 15), date(2026, 3, 15), 30)])

    def test_a_cancellation_at_once(self):
        with self._on("2026-02-22"):
            self.subscription.action_cancel_now()
        # 7 of 28 days were used.
        self.assertEqual(self._amounts()[1:], [(date(2026, 2, 15), date(2026, 2, 22), 7.5)])
        self.assertEqual(len(self.subscription.move_ids), 3)

    def test_nothing_is_billed_in_advance_for_it(self):
        with self._on("2026-02-10"):
            self.subscription.action_cancel_now()
        self.assertEqual(self._amounts(), [(date(2026, 1, 15), date(2026, 2, 10), 25.16)])
        self.assertEqual(len(self.subscription.move_ids), 2)

    def test_a_suspension(self):
        with self._on("2026-02-20"):
            self.subscription.action_suspend()
        with self._on("2026-03-20"):
            self.subscription.action_resume()
        self._night("2026-03-21")
        self.assertEqual(
            [start for start, _end, _amount in self._amounts()][1:], [date(2026, 2, 15), date(2026, 3, 20)]
        )

    def test_a_change(self):
        with self._on("2026-02-22"):
            self.subscription.action_open_change_wizard()
            self.assertEqual(len(self.subscription.period_ids), 2, "the wizard shows the exact amounts")
            self.subscription._change(Wanted(self.big_plan, "month", 0, 0))
        # 7 of 28 days at 30, 21 at 90.
        self.assertEqual(self._amounts()[1:], [(date(2026, 2, 15), date(2026, 3, 15), 75)])

    def test_whoever_only_reads_bills_nothing(self):
        self._create_users()
        with self._on("2026-02-22"):
            mine = self.subscription.with_user(self.user)
            mine.action_open_change_wizard()
            with self.assertRaises(AccessError):
                mine.action_suspend()
        self.assertEqual(len(self.subscription.period_ids), 1)

    def test_the_second_cron_alone(self):
        """The end comes in the same night in which the first cron could not bill: the days before it are billed."""
        with self._on("2026-01-20"):
            self.subscription.action_cancel_at_end()
            self.subscription.action_undo_cancellation()
        self.subscription._write_protected({"cancel_on": date(2026, 3, 1)})
        self._night("2026-03-02", "dun")
        self.assertEqual(self.subscription.state, "cancelled")
        self.assertEqual(self._amounts()[1][0], date(2026, 2, 15))

    def test_what_does_not_renew_itself_is_not_resumed_for_nothing(self):
        subscription = self._start("2026-01-15", auto_renew=False)
        self._pay(subscription.move_ids, day=date(2026, 1, 15))
        self._night("2026-02-15")
        self.assertEqual(subscription.state, "expired")
        with self._on("2026-02-20"):
            with self.assertRaisesRegex(UserError, "does not renew itself"):
                subscription.action_resume()
            subscription.auto_renew = True
            subscription.action_resume()
        self.assertEqual(subscription.state, "active")

    def test_what_was_given_back_is_not_given_back_again(self):
        """A period that was credited as a whole and billed again in the same row: its first invoice is settled."""
        with self._on("2026-01-15"):
            self.subscription.action_cancel_now()
            self.subscription.action_resume()
        self._night("2026-01-15")
        with self._on("2026-01-20"):
            self.subscription.action_cancel_now()
        notes = self.subscription.move_ids.filtered(lambda move: move.move_type == "out_refund").sorted("id")
        self.assertEqual(notes.mapped("amount_untaxed"), [30, 25.16])
        self.assertEqual(self._amounts(), [(date(2026, 1, 15), date(2026, 1, 20), 4.84)])
