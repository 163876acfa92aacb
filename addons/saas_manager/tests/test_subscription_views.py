from datetime import date

from lxml import etree

from odoo.tests import TransactionCase, tagged
from odoo.tools.safe_eval import datetime as safe_datetime
from odoo.tools.safe_eval import dateutil, safe_eval

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionViews(SubscriptionCase, TransactionCase):
    """What people look for by name."""

    def _filter(self, name, today):
        view = self.env["saas.subscription"].get_view(view_type="search")
        arch = etree.fromstring(view["arch"])  # noqa: S320 - Odoo's own answer
        [found] = arch.xpath(f"//filter[@name='{name}']")
        names = {
            "context_today": lambda: today,
            "relativedelta": dateutil.relativedelta.relativedelta,
            "datetime": safe_datetime,
            "uid": self.env.uid,
        }
        return self.env["saas.subscription"].search(safe_eval(found.get("domain"), names))

    def test_filters(self):
        today = date(2026, 1, 21)  # a Wednesday
        soon, later = (self._start("2026-01-10", trial_days=days) for days in (15, 16))
        with_instance = self._start("2026-01-10", self.instance)
        late, ending, ended = (self._start("2026-01-10", billing_engine="external") for _number in range(3))
        late.action_mark_past_due()
        with self._on("2026-01-12"):
            ending.action_cancel_at_end()
            ended.action_cancel_now()
        self.assertEqual(self._filter("trial_ends", today), soon, "until Sunday")
        self.assertEqual(self._filter("trial", today), soon + later)
        self.assertEqual(self._filter("past_due", today), late)
        self.assertEqual(self._filter("cancelling", today), ending)
        without = self._filter("no_instances", today)
        self.assertEqual(without & (with_instance + ended), self.env["saas.subscription"])
        self.assertLessEqual(soon + later + late + ending, without)

    def test_every_view_of_the_action_is_there(self):
        for name, fields_shown in (
            ("saas_subscription_action", ("state", "counted_amount")),
            ("saas_subscription_report_action", ("mrr",)),
        ):
            action = self.env.ref(f"saas_manager.{name}")
            Model = self.env[action.res_model]
            for view_type in action.view_mode.split(","):
                arch = Model.get_view(view_type=view_type)["arch"]
                with self.subTest(name, view_type=view_type):
                    self.assertTrue(any(f'name="{field}"' in arch for field in fields_shown))

    def test_the_sum_of_a_list_is_what_counts(self):
        self._start("2026-01-10")
        self._start("2026-01-10", trial_days=1000)
        groups = self.env["saas.subscription"]._read_group(
            [("plan_id", "=", self.plan.id)], [], ["counted_amount:sum", "monthly_amount:sum"]
        )
        self.assertEqual(groups, [(30, 60)])

    def test_the_next_invoice_is_that_of_the_next_plan(self):
        subscription = self._start("2026-04-01", plan_id=self.big_plan.id)
        with self._on("2026-04-02"):
            self.assertIn("90.00", subscription.next_html)
            subscription._change(Wanted(self.plan, "month", 0, 0))
            self.env.invalidate_all()
            self.assertEqual(
                [text.replace("\xa0", " ") for _day, text in subscription._get_next_steps()][-2:],
                ["Change to Small", "Invoice of $ 30.00 without taxes"],
            )

    def test_what_is_off_is_not_announced_to_be_switched_off(self):
        subscription = self._start("2026-04-01", self.instance)
        with self._on("2026-04-01"):
            before = [text for _day, text in subscription._get_unpaid_steps()]
            subscription.action_suspend("Moving house")
            after = [text for _day, text in subscription._get_unpaid_steps()]
        self.assertEqual([text for text in before if text not in after], ["Payment is overdue", "Suspension"])
        self.assertIn("Termination", after)
