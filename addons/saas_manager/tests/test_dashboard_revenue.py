from datetime import date, timedelta

from odoo.tests import TransactionCase, tagged

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestDashboardRevenue(SubscriptionCase, TransactionCase):
    """What the first screen says of money: of the companies that the user sees, in one currency."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()

    def _revenue(self, **context):
        self.env.flush_all()
        return self.env["saas.dashboard"].with_user(self.user).with_context(**context).get_data()["revenue"]

    def test_nothing_is_sold(self):
        self._subscribe()
        self.assertIsNone(self._revenue())

    def test_revenue_and_trials(self):
        today = date.today()
        self._start(today - timedelta(days=1))
        self._start(today - timedelta(days=1), interval="year")
        won, _running = (self._start(today - timedelta(days=5), trial_days=days) for days in (3, 30))
        revenue = self._revenue()
        self.assertIn("55.00", revenue["mrr"])
        self.assertIsNone(revenue["trial_conversion"], "no trial is over")
        won.action_start_paid()
        for _number in range(2):
            self._start(today - timedelta(days=5), trial_days=30).action_cancel_now()
        revenue = self._revenue()
        self.assertIn("85.00", revenue["mrr"])
        self.assertEqual(revenue["trial_conversion"], 33)
        self.assertEqual(self.env["saas.subscription"].search_count(revenue["domain"]), 3)
        self.assertEqual(self.env["saas.subscription.movement"].search_count(revenue["trial_domain"]), 3)

    def test_another_company_counts_for_itself(self):
        self._start(date.today())
        second = self.env["res.company"].create({"name": "Second"})
        self.user.company_ids += second
        self.assertIsNone(self._revenue(allowed_company_ids=second.ids))
        self.assertTrue(self._revenue(allowed_company_ids=self.env.company.ids))

    def test_open_dashboards_hear_of_it(self):
        self.env.cr.precommit.data.clear()
        subscription = self._start(date.today())
        self.env.cr.precommit.data.clear()
        subscription.line_ids.quantity = 2
        self.assertTrue(self.env.cr.precommit.data.get("saas.dashboard"))

    def test_events_of_a_subscription_lead_to_it(self):
        subscription = self._start(date.today())
        events = self.env["saas.dashboard"].with_user(self.user).get_data()["events"]
        self.assertIn(subscription.id, [event["subscription_id"] and event["subscription_id"][0] for event in events])
