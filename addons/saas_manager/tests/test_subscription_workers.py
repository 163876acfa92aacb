import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

COUNT = 4


@tagged("post_install", "-at_install")
class TestTwoWorkers(BaseCase):
    """Two workers that bill at the same moment, each in a transaction of its own that is really committed."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self._transaction() as env:
            partner = env["res.partner"].create({"name": "Two Workers Inc."})
            plan = env["saas.plan"].create({"name": "Two", "code": "two_workers", "price_month": 10})
            start = fields.Date.today() - relativedelta(months=3)
            values = {"partner_id": partner.id, "plan_id": plan.id, "trial_days": 0, "start_date": start}
            subscriptions = env["saas.subscription"].create([{**values, "auto_renew": False}] * COUNT)
            subscriptions.action_start()
            subscriptions.auto_renew = True
            self.assertEqual(len(subscriptions.period_ids), COUNT, "three more of each are due")
            self.partner, self.plan, self.ids = partner.id, plan.id, subscriptions.ids
        self.addCleanup(self._remove)

    @contextmanager
    def _transaction(self):
        """Give an environment on a cursor of its own, committed in the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def _remove(self):
        with self._transaction() as env:
            subscriptions = env["saas.subscription"].browse(self.ids)
            moves = subscriptions.move_ids
            # Only here: the invoices leave with what they belong to, as if they had never been.
            env.cr.execute("UPDATE account_move_line SET saas_period_id = NULL WHERE move_id IN %s", [tuple(moves.ids)])
            env.cr.execute(
                "UPDATE account_move SET saas_period_id = NULL, saas_subscription_id = NULL WHERE id IN %s",
                [tuple(moves.ids)],
            )
            env.cr.execute("DELETE FROM saas_subscription_period WHERE subscription_id IN %s", [tuple(self.ids)])
            env.invalidate_all()
            moves.button_draft()
            moves.with_context(force_delete=True).unlink()
            env["queue.job"].search([("method_name", "=", "_job_nightly")]).unlink()
            env["mail.mail"].search([("model", "=", "saas.subscription")]).unlink()
            env.cr.execute("DELETE FROM saas_subscription WHERE id IN %s", [tuple(self.ids)])
            env.invalidate_all()
            env["saas.plan"].browse(self.plan).unlink()
            env["res.partner"].browse(self.partner).unlink()

    def _bill(self, env, ids=None):
        return env["saas.subscription"]._job_nightly("renew", ids or self.ids)

    def _check_each_period_once(self):
        with self._transaction() as env:
            subscriptions = env["saas.subscription"].browse(self.ids)
            for subscription in subscriptions:
                starts = subscription.period_ids.mapped("start")
                self.assertGreaterEqual(len(starts), 4)
                self.assertEqual(len(starts), len(set(starts)))
                self.assertEqual(subscription.period_ids.move_id, subscription.move_ids)
                self.assertEqual(len(subscription.move_ids), len(starts))
                self.assertFalse(subscription.problem)
            numbers = sorted(subscriptions.move_ids.mapped("sequence_number"))
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "no gap, none twice")

    def test_each_period_once(self):
        """The two take turns, which leaves no luck in it."""
        with self._transaction() as second, mute_logger("odoo.sql_db"):
            # What the second worker sees of the database is what it was before the first one did anything.
            self.assertEqual(len(second["saas.subscription"].browse(self.ids).period_ids), COUNT)
            with self._transaction() as first:
                self.assertIn("0 later", self._bill(first))
                self.assertIn(f"{COUNT} later", self._bill(second), "while the first one is at it: nobody waits")
            self.assertIn(f"{COUNT} later", self._bill(second), "after the first one is done: what it sees is outdated")
        self._check_each_period_once()
        with self._transaction() as env:
            self.assertTrue(env["queue.job"].search([("method_name", "=", "_job_nightly"), ("state", "=", "pending")]))
            moves = env["saas.subscription"].browse(self.ids).move_ids
            self.assertIn("0 failed, 0 later", self._bill(env))
            self.assertEqual(env["saas.subscription"].browse(self.ids).move_ids, moves, "nothing was left to do")

    def test_who_is_free_does_not_wait_for_who_is_not(self):
        """Somebody has one of them open in a transaction: the others are billed at once."""
        with self._transaction() as person, self._transaction() as worker:
            person["saas.subscription"].browse(self.ids[2])._lock_for_transition()
            worker.cr.execute("SET LOCAL lock_timeout = '2s'")
            self.assertIn("0 failed, 1 later", self._bill(worker))
            lengths = [len(each.period_ids) for each in worker["saas.subscription"].browse(self.ids)]
        self.assertEqual(lengths.index(1), 2)
        self.assertEqual(lengths.count(1), 1)

    def _race(self, *batches):
        """Let workers bill these batches at the same moment; return what each says, or what has stopped it."""
        barrier = threading.Barrier(len(batches))

        def work(ids):
            with self._transaction() as env:
                env.cr.execute("SELECT 1")  # the snapshot of each is from before the race
                barrier.wait(30)
                return self._bill(env, ids)

        # Odoo's tests hold this lock, which every new environment asks for; a running server does not.
        with patch.object(Registry, "_lock", DummyRLock()), ThreadPoolExecutor(len(batches)) as pool:
            return [future.result(120) for future in [pool.submit(work, ids) for ids in batches]]

    @mute_logger("odoo.sql_db")
    def test_two_at_the_same_moment(self):
        """Two workers really at once: at the same contracts in another order, then at different ones."""
        answers = self._race(self.ids, self.ids[::-1])
        self.assertTrue(all("0 failed" in answer for answer in answers), answers)
        with self._transaction() as env:
            self.assertIn("0 failed, 0 later", self._bill(env))
        self._check_each_period_once()

    @mute_logger("odoo.sql_db")
    def test_two_with_one_journal(self):
        """Two workers at different contracts need numbers of the same journal: each gets its own, without a gap."""
        middle = COUNT // 2
        self._race(self.ids[:middle], self.ids[middle:])
        with self._transaction() as env:
            self.assertIn("0 failed, 0 later", self._bill(env))
        self._check_each_period_once()
