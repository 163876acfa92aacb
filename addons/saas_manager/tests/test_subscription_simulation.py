import logging
import os
import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted
from odoo.addons.saas_manager.saas_engine import contract, periods

from .subscription_common import SubscriptionCase

_logger = logging.getLogger(__name__)
# Contracts, days, seed. `make simulate` lives through more of them than a test has time for.
COUNT, DAYS, SEED = map(int, os.environ.get("SAAS_SIMULATE", "8,300,2027").split(","))
START = date(2027, 11, 30)  # the leap day is in it
QUIET = 3  # nights at the end that run, so that nothing is still to be caught up
JOBS = "odoo.addons.saas_manager.models.saas_job_mixin"
# What people do, and how often a contract sees it in a year.
YEARLY = {
    **{"dearer": 1, "cheaper": 0.5, "users": 1.5, "interval": 0.3},
    **{"cancel_at_end": 0.3, "undo": 0.3, "cancel_now": 0.2, "suspend": 0.4, "resume": 2},
}


@tagged("post_install", "-at_install")
class TestSubscriptionSimulation(SubscriptionCase, TransactionCase):
    """Contracts live day by day in the real models: nights that don't run, billing that fails, people as they are.

    The engine alone lives through far more of it in tests/unit/test_contract_years.py. Here it is seen that what the
    models write down, invoices and credit notes included, is what it has decided.
    """

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)  # noqa: S311 - days of a test, no secret
        self.served, self.prices = defaultdict(set), defaultdict(list)
        self.due, self.broken, self.refused, self.done = {}, self.env["saas.subscription"], 0, defaultdict(int)
        prepare = self.env.registry["saas.subscription"]._prepare_invoice

        def fail(subscription, row):
            if subscription in self.broken:
                raise ValueError("the night of the simulation")
            return prepare(subscription, row)

        self.startPatcher(patch.object(self.env.registry["saas.subscription"], "_prepare_invoice", fail))

    # -- the days

    def _begin(self):
        """Return contracts with a customer each, who pays sooner, later or never."""
        chance, subscriptions = self.random, self.env["saas.subscription"]
        partners = self.env["res.partner"].create([{"name": f"Customer {number}"} for number in range(COUNT)])
        for partner in partners:
            with self._on((START + timedelta(days=chance.randint(0, 30))).isoformat()):
                subscription = self._subscribe(
                    partner_id=partner.id,
                    interval=chance.choice(["month", "month", "month", "year"]),
                    trial_days=chance.choice([0, 0, 14]),
                    auto_renew=chance.random() > 0.1,
                )
                subscription.action_start()
                self.prices[subscription] = [(date.min, self._full_price(subscription))]
            subscriptions += subscription
        waits = [(0, 5), (0, 5), (0, 5), (3, 20), (15, 70), None]
        self.waits = {subscription: chance.choice(waits) for subscription in subscriptions}
        return subscriptions

    def _live(self, subscriptions):
        outage = 0
        for number in range(31, DAYS):
            today = START + timedelta(days=number)
            outage = outage - 1 if outage else (self.random.random() < 0.03) * self.random.randint(1, 12)
            self._analyze(number)
            with self._on(today.isoformat()):
                if not outage or number >= DAYS - QUIET:
                    self._bad_night(subscriptions, number)
                for subscription in subscriptions:
                    self._people(subscription, today)
                    self._payments(subscription, today)
                self._look(subscriptions, today)
        # Who paid on the last day is back since then, and billed in the next night.
        with self._on((START + timedelta(days=DAYS)).isoformat()):
            self._bad_night(subscriptions, DAYS)

    def _bad_night(self, subscriptions, number):
        pending = {each: (each.pending_plan_id, each.next_period_start) for each in subscriptions}
        is_bad = self.random.random() < 0.2 and number < DAYS - QUIET
        self.broken = subscriptions.browse(self.random.sample(subscriptions.ids, max(1, COUNT // 10)) if is_bad else [])
        self._night(date.today().isoformat())
        self.broken = subscriptions.browse()
        for subscription, (plan, day) in pending.items():
            if plan and not subscription.pending_plan_id:
                self.prices[subscription].append((day, self._full_price(subscription)))

    def _people(self, subscription, today):
        for what, times in YEARLY.items():
            if self.random.random() >= times / 365:
                continue
            pending = (subscription.pending_plan_id, subscription.next_period_start)
            try:
                with self.env.cr.savepoint():
                    getattr(self, f"_person_{what}")(subscription)
            except UserError:
                self.refused += 1
                continue
            self.done[what] += 1
            price = self._full_price(subscription)
            if price != self.prices[subscription][-1][1]:
                was_planned = pending[0] and not subscription.pending_plan_id and pending[1] <= today
                self.prices[subscription].append((pending[1] if was_planned else today, price))

    def _want(self, subscription, plan=None, interval=None, users=None):
        users = subscription._get_quantity("users") if users is None else users
        subscription._change(Wanted(plan or subscription.plan_id, interval or subscription.interval, users, 0))

    def _person_dearer(self, subscription):
        self._want(subscription, plan=self.big_plan)

    def _person_cheaper(self, subscription):
        self._want(subscription, plan=self.plan)

    def _person_users(self, subscription):
        self._want(subscription, users=self.random.randint(0, 4))

    def _person_interval(self, subscription):
        self._want(subscription, interval="year" if subscription.interval == "month" else "month")

    def _person_cancel_at_end(self, subscription):
        subscription.action_cancel_at_end("as people do")

    def _person_undo(self, subscription):
        subscription.action_undo_cancellation()

    def _person_cancel_now(self, subscription):
        subscription.action_cancel_now("as people do")

    def _person_suspend(self, subscription):
        subscription.action_suspend()

    def _person_resume(self, subscription):
        subscription.action_resume()

    def _payments(self, subscription, today):
        for move in subscription._get_unpaid_moves():
            if move not in self.due:
                wait = self.waits[subscription]
                self.due[move] = wait and today + timedelta(days=self.random.randint(*wait))
            if self.due[move] and self.due[move] <= today:
                if self.random.random() < 0.2:
                    self._pay(move, amount=round(move.amount_residual / 3, 2), day=today)
                self._pay(move, day=today)

    def _look(self, subscriptions, today):
        for subscription in subscriptions:
            is_used_up = contract.is_used_up(subscription._get_contract(), today)
            if subscription.state in ("active", "past_due") and not is_used_up:
                self.served[subscription].add(today)
            self.assertIn(subscription.state, contract.TRANSITIONS)

    # -- what must be true afterwards

    def _full_price(self, subscription):
        """Return what a period costs by the price list, from plan, interval and extras."""
        prices = (
            {"month": "price_month", "year": "price_year"},
            {"month": "price_user_month", "year": "price_user_year"},
        )
        plan, interval = subscription.plan_id, subscription.interval
        return plan[prices[0][interval]] + plan[prices[1][interval]] * subscription._get_quantity("users")

    def _check(self, subscription):
        rows = subscription.period_ids.filtered(lambda row: not row.is_void).sorted("start")
        for row, following in zip(rows, rows[1:], strict=False):
            self.assertLessEqual(row.end, following.start, "no day twice")
        covered = {row.start + timedelta(days=day) for row in rows for day in range((row.end - row.start).days)}
        self.assertFalse(self.served[subscription] - covered, "a day was used and never billed")
        for row in rows:
            self.assertAlmostEqual(row.amount, self._exact(subscription, row), delta=0.06)
        self._check_moves(subscription, rows)
        codes = [(step.move_id, step.code) for step in subscription.step_ids]
        self.assertEqual(len(codes), len(set(codes)), "no step twice")
        self.assertFalse(subscription.problem, "the last night has mended it")

    def _check_moves(self, subscription, rows):
        invoices = self._invoices(subscription)
        notes = subscription.move_ids - invoices
        self.assertLessEqual(set(subscription.move_ids.mapped("state")), {"posted"})
        self.assertEqual(len(rows.move_id), len(rows), "each period has its invoice")
        starts = [move.saas_period_id.start for move in invoices if move.saas_period_id in rows]
        self.assertEqual(starts, sorted(starts), "in order")
        total = sum(invoices.mapped("amount_untaxed")) - sum(notes.mapped("amount_untaxed"))
        self.assertAlmostEqual(total, sum(rows.mapped("amount")), 2, "what is on paper is what the periods cost")

    def _exact(self, subscription, row):
        """Return what the days of a row cost by the price list: another way to the sum than the one it was made by."""
        changes, cost = self.prices[subscription], 0
        whole = row.move_id.invoice_line_ids[0]
        days = periods.Period(whole.saas_start, whole.saas_end).days
        for number in range((row.end - row.start).days):
            day = row.start + timedelta(days=number)
            cost += [price for since, price in changes if since <= day][-1] / days
        return cost

    @mute_logger(JOBS)
    def test_lives(self):
        subscriptions = self._begin()
        self._live(subscriptions)
        for subscription in subscriptions:
            with self.subTest(subscription=subscription.name):
                self._check(subscription)
        self._check_numbers(subscriptions.move_ids)
        moves = subscriptions.move_ids
        _logger.info(
            "simulated %s contracts, %s days, seed %s: %s periods, %s invoices and credit notes, %s steps of dunning; "
            "people did %s, were refused %s times; in the end %s",
            *(COUNT, DAYS, SEED, len(subscriptions.period_ids), len(moves), len(subscriptions.step_ids)),
            *(dict(self.done), self.refused, dict(Counter(subscriptions.mapped("state")))),
        )
        self.assertGreater(len(subscriptions.period_ids), COUNT)
        self.assertGreater(len(set(self.done)), 3, "people did something")

    def _check_numbers(self, moves):
        by_prefix = moves.grouped("sequence_prefix")
        for group in by_prefix.values():
            numbers = sorted(group.mapped("sequence_number"))
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "no gap, none twice")
