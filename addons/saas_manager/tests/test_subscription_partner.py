from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionPartner(SubscriptionCase, TransactionCase):
    """What a customer's form shows of subscriptions: their own and their contacts', to users of the manager."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.contact = cls.env["res.partner"].create({"name": "Jane", "parent_id": cls.customer.id})

    def test_counts_and_revenue_of_all_contacts(self):
        self._start("2026-01-10", self.instance)
        self._start("2026-01-10", partner_id=self.contact.id, interval="year")
        self._start("2026-01-10", partner_id=self.contact.id, trial_days=1000)
        mine = self.customer.with_user(self.user)
        self.assertEqual((mine.saas_subscription_count, mine.saas_instance_count, mine.saas_mrr), (3, 1, 55))
        theirs = self.contact.with_user(self.user)
        self.assertEqual((theirs.saas_subscription_count, theirs.saas_instance_count, theirs.saas_mrr), (2, 0, 25))
        for action, count in (
            (mine.action_view_saas_subscriptions(), 3),
            (mine.action_view_saas_instances(), 1),
        ):
            self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), count)
        self.assertEqual(mine.action_view_saas_revenue()["domain"], [("partner_id", "child_of", self.customer.ids)])

    def test_a_foreign_currency_at_todays_rate(self):
        euro = self.env.ref("base.EUR" if self.currency.name != "EUR" else "base.USD")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2025-12-01", "rate": 2, "company_id": self.env.company.id}
        )
        plan = self._create_plan("euro", 30, 300, currency_id=euro.id)
        self._start("2026-01-10", plan_id=plan.id)
        self._start("2026-01-10")
        with self._on("2026-01-20"):
            self.assertEqual(self.customer.saas_mrr, 15 + 30)

    def test_other_employees_see_nothing(self):
        employee = new_test_user(self.env, "employee", "base.group_user,base.group_partner_manager")
        self.assertNotIn("saas_", self.env["res.partner"].with_user(employee).get_view(view_type="form")["arch"])
        self.assertIn("saas_mrr", self.env["res.partner"].with_user(self.user).get_view(view_type="form")["arch"])
        with self.assertRaises(AccessError):
            self.customer.with_user(employee).read(["saas_mrr"])
        self.assertIn("saas_mrr", self.customer.with_user(self.user).read(["saas_mrr"])[0])
