from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionReport(SubscriptionCase, TransactionCase):
    """Recurring revenue, against figures that were computed by hand."""

    def _report(self, measures, groupby=("month:month",), domain=(), until="2026-06-30"):
        """Return what the report says, by group: a tuple of the measures, or the measure itself if it is one."""
        with self._on(until):
            self.env.flush_all()
            mine = [("subscription_id.plan_id", "in", (self.plan + self.big_plan).ids), *domain]
            groups = self.env["saas.subscription.report"]._read_group(mine, groupby, measures)
        count = len(groupby)
        rows = {
            self._key(group[:count]): tuple(None if each is False else each for each in group[count:])
            for group in groups
        }
        return {key: values[0] if len(values) == 1 else values for key, values in rows.items()}

    def _key(self, values):
        names = [value.strftime("%Y-%m") if isinstance(value, date) else value for value in values]
        return names[0] if len(names) == 1 else tuple(names)

    def _change(self, subscription, day, plan, users=0, interval="month"):
        with self._on(day):
            subscription._change(Wanted(plan, interval, users, 0))

    def _example(self):
        """Five months of a small business.

        A: monthly at 30 from 10 January; 90 from 15 March (the bigger plan); cancelled on 20 May.
        B: yearly at 300 from 31 January, which is 25 a month, for good.
        C: on trial from 20 January, paying 30 from 3 February, with two more users (+10) from 10 April; not paid from
           3 May on, and suspended.
        D: on trial from 5 February, lost on 19 February.
        E: free; F: a draft; G: on trial for ever.
        """
        a = self._start("2026-01-10")
        b = self._start("2026-01-31", interval="year")
        c = self._start("2026-01-20", trial_days=14)
        d = self._start("2026-02-05", trial_days=14, auto_renew=False)
        self._start("2026-01-10", billing_engine="free")
        self._subscribe()
        self._start("2026-04-01", trial_days=100)
        for day in ("2026-02-03", "2026-02-10", "2026-02-19", "2026-03-03", "2026-03-10"):
            self._night(day)
            self._pay_all(day, a + b + c + d)
        self._change(a, "2026-03-15", self.big_plan)
        for day in ("2026-04-03", "2026-04-10"):
            self._night(day)
            self._pay_all(day, a + b + c)
        self._change(c, "2026-04-10", self.plan, users=2)
        self._pay_all("2026-04-10", a + b + c)
        self._night("2026-05-03", "renew")
        self._pay_all("2026-05-03", a + b)
        with self._on("2026-05-20"):
            a.action_cancel_now()
        self._night("2026-05-25", "dun")
        return a, b, c, d

    def _pay_all(self, day, subscriptions):
        with self._on(day):
            for move in subscriptions.move_ids.filtered(lambda each: each.payment_state == "not_paid"):
                self._pay(move)

    def test_the_example(self):
        _a, _b, c, d = self._example()
        self.assertEqual((c.state, d.state, d.end_cause), ("suspended", "expired", "trial"))
        measures = ["mrr:sum", "new_mrr:sum", "expansion_mrr:sum", "suspended_mrr:sum", "lost_mrr:sum"]
        self.assertEqual(
            self._report(measures),
            {
                "2026-01": (55, 55, 0, 0, 0),
                "2026-02": (85, 30, 0, 0, 0),
                "2026-03": (145, 0, 60, 0, 0),
                "2026-04": (155, 0, 10, 0, 0),
                "2026-05": (25, 0, 0, -40, -90),
                "2026-06": (25, 0, 0, 0, 0),
            },
        )
        counts = ["subscriptions:sum", "new_subscriptions:sum", "lost_subscriptions:sum", "trial_conversion:avg"]
        self.assertEqual(
            self._report(counts),
            {
                "2026-01": (2, 2, 0, None),
                "2026-02": (3, 1, 0, 50),
                "2026-03": (3, 0, 0, None),
                "2026-04": (3, 0, 0, None),
                "2026-05": (1, 0, 1, None),
                "2026-06": (1, 0, 0, None),
            },
        )
        churn = self._report(["churn:avg"])
        self.assertEqual((churn["2026-01"], churn["2026-04"]), (None, 0))
        self.assertAlmostEqual(churn["2026-05"], 100 * 90 / 155)

    def test_totals_of_several_months_end_with_the_last(self):
        self._example()
        self.assertEqual(
            self._report(["mrr:sum", "subscriptions:sum"], ("month:quarter",)),
            {
                "2026-01": (145, 3),
                "2026-04": (25, 1),
            },
        )
        by_plan = self._report(["mrr:sum"], ("plan_id",), [("month", "<=", "2026-04-01")])
        self.assertEqual(by_plan, {self.plan: 65, self.big_plan: 90}, "A has left the small plan")
        self.assertEqual(self._report(["mrr:sum"], ("plan_id",)), {self.plan: 25, self.big_plan: 0})
        self.assertEqual(self._report(["net_mrr:sum"], ("partner_id",)), {self.customer: 25})
        self.assertEqual(self._report(["mrr:sum"], ("interval",)), {"month": 0, "year": 25})

    def test_a_price_that_changes_later_rewrites_nothing(self):
        self._example()
        before = self._report(["mrr:sum", "new_mrr:sum"])
        with self._on("2026-06-15"):
            self.plan.write({"price_month": 99, "price_year": 999, "name": "Dearer"})
            self.big_plan.active = False
        self.assertEqual(self._report(["mrr:sum", "new_mrr:sum"]), before)

    def test_past_due_counts_and_comes_back(self):
        subscription = self._start("2026-01-10", payment_term_id=False)
        self._night("2026-01-12", "dun")
        self.assertEqual(subscription.state, "past_due")
        self.assertEqual(subscription.counted_amount, 30)
        self.assertEqual(self._report(["mrr:sum"], until="2026-01-31"), {"2026-01": 30})
        self._night("2026-02-01", "dun")
        self.assertEqual((subscription.state, subscription.counted_amount), ("suspended", 0))
        with self._on("2026-03-05"):
            self._pay(subscription.move_ids)
        measures = ["mrr:sum", "suspended_mrr:sum", "lost_mrr:sum", "new_mrr:sum"]
        self.assertEqual(
            self._report(measures, until="2026-03-31"),
            {"2026-01": (30, 0, 0, 30), "2026-02": (0, -30, 0, 0), "2026-03": (30, 30, 0, 0)},
        )

    def test_what_is_never_paid_is_lost_at_its_end(self):
        subscription = self._start("2026-01-10")
        for day in ("2026-01-12", "2026-02-01", "2026-04-20"):
            self._night(day, "dun")
        self.assertEqual(subscription.state, "expired")
        self.assertEqual(
            self._report(["mrr:sum", "suspended_mrr:sum", "lost_mrr:sum"]),
            {"2026-01": (30, 0, 0), "2026-02": (0, -30, 0), "2026-04": (0, 30, -30)},
        )

    def test_one_that_returns(self):
        subscription = self._start("2026-01-10")
        with self._on("2026-02-02"):
            subscription.action_cancel_now()
        with self._on("2026-03-02"):
            subscription.action_resume()
        measures = ["mrr:sum", "new_mrr:sum", "returned_mrr:sum", "lost_mrr:sum"]
        self.assertEqual(
            self._report(measures, until="2026-03-31"),
            {"2026-01": (30, 30, 0, 0), "2026-02": (0, 0, 0, -30), "2026-03": (30, 0, 30, 0)},
        )

    def test_a_slip_of_the_same_day_leaves_no_trace(self):
        subscription = self._start("2026-01-10")
        with self._on("2026-02-02"):
            subscription.action_suspend("Oops")
            subscription.action_resume()
            subscription.action_cancel_now()
            subscription.action_resume()
        self.assertEqual(subscription.movement_ids.mapped("kind"), ["new"])
        self.assertEqual(self._report(["mrr:sum"], until="2026-02-28"), {"2026-01": 30, "2026-02": 30})

    def test_discounts_count_as_they_are_billed_next(self):
        subscription = self._subscribe()
        subscription.line_ids.write({"discount_percent": 50, "discount_periods": 2})
        with self._on("2026-01-10"):
            subscription.action_start()
        self._night("2026-02-10", "renew")
        self.assertEqual(self._report(["mrr:sum"], until="2026-02-28"), {"2026-01": 15, "2026-02": 30})

    def test_a_foreign_currency_is_converted_on_its_day(self):
        euro = self.env.ref("base.EUR" if self.currency.name != "EUR" else "base.USD")
        euro.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", euro.id)]).unlink()
        for day, rate in (("2025-12-01", 2), ("2026-02-01", 4)):
            rates.create({"currency_id": euro.id, "name": day, "rate": rate, "company_id": self.env.company.id})
        plan = self._create_plan("euro", 30, 300, currency_id=euro.id)
        subscription = self._start("2026-01-10", plan_id=plan.id)
        with self._on("2026-02-10"):
            subscription.line_ids = [(0, 0, {"kind": "users", "quantity": 2})]
        with self._on("2026-03-10"):
            subscription.line_ids[1].quantity = 0
        with self._on("2026-04-10"):
            subscription.action_cancel_now()
        with self._on("2026-04-30"):
            self.env.flush_all()
            domain = [("plan_id", "=", plan.id)]
            groups = self.env["saas.subscription.report"]._read_group(
                domain, ["month:month"], ["mrr:sum", "net_mrr:sum"]
            )
        # 30 at 2 are 15, 10 more at 4 are 2.5; what goes leaves with what it was booked with: a quarter of 17.5.
        self.assertEqual([row[1:] for row in groups], [(15, 15), (17.5, 2.5), (13.12, -4.38), (0, -13.12)])
        self.assertEqual(subscription.movement_ids.company_currency_id, self.currency)

    def test_contracts_older_than_the_log(self):
        running, trial = self._start("2026-01-10"), self._start("2026-02-10", trial_days=100)
        ended, paused = self._start("2026-01-10"), self._start("2026-02-10", interval="year")
        free = self._start("2026-01-10", billing_engine="free")
        with self._on("2026-03-05"):
            ended.action_cancel_now()
            paused.action_suspend("Test")
        everything = running + trial + ended + paused + free
        everything.movement_ids.sudo().unlink()
        with self._on("2026-03-20"):
            for _twice in range(2):
                self.env["saas.subscription"]._log_known_history()
        self.assertFalse(free.movement_ids)
        self.assertEqual(trial.movement_ids.mapped("kind"), ["trial_started"])
        self.assertEqual(
            self._report(["mrr:sum", "new_mrr:sum", "suspended_mrr:sum", "lost_mrr:sum"], until="2026-03-31"),
            {"2026-01": (60, 60, 0, 0), "2026-02": (85, 25, 0, 0), "2026-03": (30, 0, -25, -30)},
        )

    # === WHO, AND HOW IT IS SHOWN === #

    def test_nobody_writes_history(self):
        self._create_users()
        subscription = self._start("2026-01-10")
        for user in (self.manager, self.administrator):
            movement = subscription.movement_ids.with_user(user)
            self.assertEqual(movement.company_amount, 30)
            for action in (
                lambda movement=movement: movement.write({"company_amount": 1}),
                lambda movement=movement: movement.unlink(),
                lambda movement=movement: movement.create({"kind": "new"}),
            ):
                with self.assertRaises(AccessError):
                    action()

    def test_a_manager_who_starts_it_writes_it_down(self):
        self._create_users()
        subscription = self._subscribe()
        with self._on("2026-01-10"):
            subscription.with_user(self.manager).action_start()
        self.assertEqual(subscription.movement_ids.mapped("kind"), ["new"])

    def test_another_company(self):
        self._create_users()
        self._start("2026-01-10")
        Report = self.env["saas.subscription.report"].with_user(self.user)
        self.assertTrue(Report.search([("plan_id", "=", self.plan.id)]))
        second = self.env["res.company"].create({"name": "Second"})
        self.user.company_ids += second
        self.env.invalidate_all()
        elsewhere = Report.with_context(allowed_company_ids=second.ids)
        self.assertFalse(elsewhere.search([("plan_id", "=", self.plan.id)]))

    def test_two_currencies_are_not_added_up(self):
        Report, euro = self.env["saas.subscription.report"], self.env.ref("base.EUR")
        euro.active = True
        currency = euro if self.currency != euro else self.env.ref("base.USD")
        second = self.env["res.company"].create({"name": "Second", "currency_id": currency.id})
        for view_type in ("graph", "pivot"):
            with self.subTest(view_type):
                one = Report.with_context(allowed_company_ids=self.env.company.ids)
                self.assertNotIn('name="currency_id"', one.get_view(view_type=view_type)["arch"])
                both = Report.with_context(allowed_company_ids=(self.env.company + second).ids)
                self.assertIn('name="currency_id"', both.get_view(view_type=view_type)["arch"])

    def test_rows_have_ids_of_their_own_and_open_their_contract(self):
        self._example()
        rows = self.env["saas.subscription.report"].search([("plan_id", "in", (self.plan + self.big_plan).ids)])
        self.assertEqual(len(rows), len(set(rows.ids)))
        self.assertEqual(rows[0].action_open_subscription()["res_id"], rows[0].subscription_id.id)
