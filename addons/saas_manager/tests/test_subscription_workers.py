from contextlib import contextmanager

from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestTwoWorkers(BaseCase):
    """Two workers that begin to bill at the same moment, each in a transaction of its own that is really committed."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self._transaction() as env:
            partner = env["res.partner"].create({"name": "Two Workers Inc."})
            plan = env["saas.plan"].create({"name": "Two", "code": "two_workers", "price_month": 10})
            start = fields.Date.today() - relativedelta(months=3)
            values = {"partner_id": partner.id, "plan_id": plan.id, "trial_days": 0, "start_date": start}
            subscription = env["saas.subscription"].create({**values, "auto_renew": False})
            subscription.action_start()
            subscription.auto_renew = True
            self.ids = {record._name: record.id for record in (partner, plan, subscription)}
            self.assertEqual(len(subscription.period_ids), 1, "three more are due")
        self.addCleanup(self._remove)

    @contextmanager
    def _transaction(self):
        """Give an environment on a cursor of its own, committed in the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def _remove(self):
        with self._transaction() as env:
            subscription = env["saas.subscription"].browse(self.ids["saas.subscription"])
            moves = subscription.move_ids
            # Only here: the invoices leave with what they belong to, as if they had never been.
            env.cr.execute("UPDATE account_move_line SET saas_period_id = NULL WHERE move_id IN %s", [tuple(moves.ids)])
            env.cr.execute(
                "UPDATE account_move SET saas_period_id = NULL, saas_subscription_id = NULL WHERE id IN %s",
                [tuple(moves.ids)],
            )
            env.cr.execute("DELETE FROM saas_subscription_period WHERE subscription_id = %s", [subscription.id])
            env.invalidate_all()
            moves.button_draft()
            moves.with_context(force_delete=True).unlink()
            env["queue.job"].search([("method_name", "=", "_job_nightly")]).unlink()
            env["mail.mail"].search([("model", "=", "saas.subscription")]).unlink()
            env.cr.execute("DELETE FROM saas_subscription WHERE id = %s", [subscription.id])
            env.invalidate_all()
            for model in ("saas.plan", "res.partner"):
                env[model].browse(self.ids[model]).unlink()

    def _bill(self, env):
        return env["saas.subscription"]._job_nightly("renew", [self.ids["saas.subscription"]])

    def test_each_period_once(self):
        """Odoo's tests hold a lock that threads would wait for: the two take turns, which leaves no luck in it."""
        with self._transaction() as second, mute_logger("odoo.sql_db"):
            # What the second worker sees of the database is what it was before the first one did anything.
            second.cr.execute("SET LOCAL lock_timeout = '300ms'")
            self.assertEqual(len(second["saas.subscription"].browse(self.ids["saas.subscription"]).period_ids), 1)
            with self._transaction() as first:
                self.assertIn("0 later", self._bill(first))
                self.assertIn("1 later", self._bill(second), "while the first one is at it")
            self.assertIn("1 later", self._bill(second), "after the first one is done: what it sees is outdated")
        with self._transaction() as env:
            subscription = env["saas.subscription"].browse(self.ids["saas.subscription"])
            starts = subscription.period_ids.mapped("start")
            self.assertGreaterEqual(len(starts), 4)
            self.assertEqual(len(starts), len(set(starts)))
            self.assertEqual(len(subscription.move_ids), len(starts))
            self.assertFalse(subscription.problem)
            self.assertTrue(env["queue.job"].search([("method_name", "=", "_job_nightly"), ("state", "=", "pending")]))
            self.assertIn("0 failed, 0 later", self._bill(env))
            self.assertEqual(len(subscription.move_ids), len(starts), "what was put off finds nothing to do")
