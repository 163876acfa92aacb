from contextlib import contextmanager
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import Form

from .common import SaasCase


class SubscriptionCase(SaasCase):
    """A company with a chart of accounts and a sales tax of 10 %, and a plan of 30 a month or 300 a year."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env.company
        if not company.chart_template:
            cls.env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        cls.currency = company.currency_id
        cls.tax = cls.env["account.tax"].create({"name": "Ten", "amount": 10, "type_tax_use": "sale"})
        cls.product = cls.env["product.product"].create(
            {"name": "Hosting", "type": "service", "taxes_id": [Command.set(cls.tax.ids)]}
        )
        cls.plan = cls._create_plan("small", 30, 300, max_users=3)
        cls.big_plan = cls._create_plan("big", 90, 900, max_users=10)
        cls._activate(cls.instance)
        cls.journal = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
        )

    def setUp(self):
        super().setUp()
        # Mails are looked at, never sent.
        self.startPatcher(patch.object(self.env.registry["mail.mail"], "send", lambda *args, **kwargs: None))

    def _wizard(self, **values):
        """Open the wizard that changes `self.subscription`, as a form."""
        context = {"default_subscription_id": self.subscription.id}
        wizard = Form(self.env["saas.subscription.change.wizard"].with_context(**context))
        for name, value in values.items():
            setattr(wizard, name, value)
        return wizard

    @classmethod
    def _create_plan(cls, code, month, year, **values):
        return cls.env["saas.plan"].create(
            {
                "name": code.capitalize(),
                "code": f"test_{code}",
                "price_month": month,
                "price_year": year,
                "price_user_month": 5,
                "price_user_year": 50,
                "price_storage_month": 1,
                "price_storage_year": 10,
                "currency_id": cls.currency.id,
                "product_id": cls.product.id,
                "trial_days": 0,
                "max_storage_gb": 5,
                **values,
            }
        )

    @classmethod
    def _subscribe(cls, instances=None, **values):
        subscription = cls.env["saas.subscription"].create(
            {"partner_id": cls.customer.id, "plan_id": cls.plan.id, **values}
        )
        if instances is not None:
            instances.subscription_id = subscription
        return subscription

    def _start(self, day, instances=None, **values):
        """Return a subscription that was started on a day."""
        with self._on(day):
            subscription = self._subscribe(instances, **values)
            subscription.action_start()
        return subscription

    @contextmanager
    def _on(self, day):
        with freeze_time(f"{day} 12:00:00"):
            self.env.invalidate_all()
            yield

    def _night(self, day, *tasks):
        """Let the jobs do their work that the crons of a day queue."""
        with self._on(day):
            Subscription = self.env["saas.subscription"]
            domains = {"renew": Subscription._get_renewal_domain, "dun": Subscription._get_dunning_domain}
            for task in tasks or ("renew", "dun"):
                Subscription._job_nightly(task, Subscription.search(domains[task]()).ids)

    def _analyze(self, number):
        """Tell the planner now and then that tables have grown: in one long transaction nobody else can see it.

        :param int number: of the day
        """
        if number % 60 == 0:
            self.env.flush_all()
            self.env.cr.execute("ANALYZE account_move, account_move_line, account_payment, account_partial_reconcile")

    def _invoices(self, subscription):
        return subscription.move_ids.filtered(lambda move: move.move_type == "out_invoice").sorted("id")

    def _pay(self, move, amount=None, day=None):
        """Register a payment by the wizard of Odoo, as an accountant does."""
        values = {"payment_date": day or fields.Date.today(), "journal_id": self.journal.id}
        if amount is not None:
            values["amount"] = amount
        wizard = move.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
        return wizard.create(values)._create_payments()

    def _mails(self, subscription, step):
        """Return the mails of a kind of step."""
        return subscription.step_ids.filtered(lambda row: row.kind == step and not row.is_passed_over).mail_id
