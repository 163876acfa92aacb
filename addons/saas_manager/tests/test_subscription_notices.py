from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models import saas_instance_notices
from odoo.addons.saas_manager.saas_engine.directory import Directory

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionNotices(SubscriptionCase, TransactionCase):
    """What administrators read inside their Odoo about the contract. Due on 15 January, off after 14 days."""

    def _publish(self):
        """Run the job that was queued for the instance, if one was, and return what it has published."""
        jobs = self._jobs(self.instance, "_job_publish_notices").filtered(lambda job: job.state == "pending")
        if not jobs:
            return None
        with patch.object(saas_instance_notices, "Directory", autospec=Directory) as directory:
            jobs.records._job_publish_notices()
        jobs.state = "done"
        [published] = directory.return_value.set_notices.call_args.args
        return published[self.instance._key]

    def test_past_due_until_it_is_paid(self):
        subscription = self._start("2026-01-15", self.instance)
        move = subscription.move_ids
        self.assertEqual(self._publish(), {})
        self._night("2026-01-16")
        notice = self._publish()["past_due"]
        self.assertEqual((notice["since"], notice["until"]), ("2026-01-15", "2026-01-29"))
        self.assertEqual(notice["invoice"], move.name)
        self.assertIn(f"/my/invoices/{move.id}?access_token=", notice["url"])
        later = self.instance._prepare_tenant_spec().notices
        self.assertEqual(later["past_due"], notice, "whatever publishes the tenant keeps it")
        with self._on("2026-01-17"):
            self._pay(move, 10, day="2026-01-17")
            self.assertIn("past_due", self._publish(), "a part is not all")
            self._pay(move, day="2026-01-17")
            self.assertEqual(subscription.state, "active")
            self.assertEqual(self._publish(), {})

    def test_gone_when_it_is_suspended(self):
        self._start("2026-01-15", self.instance)
        self._night("2026-01-16")
        self.assertIn("past_due", self._publish())
        self._night("2026-01-29")
        self.assertEqual(self._publish(), {}, "visitors read the reason of the suspension instead")

    def test_invoiced_elsewhere(self):
        subscription = self._start("2026-01-15", self.instance, billing_engine="external")
        subscription.action_mark_past_due()
        self.assertEqual(self._publish(), {"past_due": {}})

    def test_a_trial(self):
        self.plan.trial_days = 14
        subscription = self._start("2026-01-15", self.instance)
        self.assertEqual(self._publish(), {"trial": {"until": "2026-01-29", "days": 3, "goes_on": True}})
        with self._on("2026-01-20"):
            subscription.action_start_paid()
        self.assertEqual(self._publish(), {})

    def test_a_trial_that_ends(self):
        self.plan.trial_days = 14
        subscription = self._start("2026-01-15", self.instance)
        self._publish()
        subscription.auto_renew = False
        self.assertFalse(self._publish()["trial"]["goes_on"])
