from datetime import date
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .subscription_common import SubscriptionCase

CRON = "odoo.addons.saas_manager.models.saas_job_mixin"


@tagged("post_install", "-at_install")
class TestSubscriptionDunning(SubscriptionCase, TransactionCase):
    """What happens when nobody pays, and when somebody does. Due on 15 January, off after 14 days, gone after 44."""

    def setUp(self):
        super().setUp()
        self.subscription = self._start("2026-01-15", self.instance)
        self.move = self.subscription.move_ids

    def _steps(self):
        return self.subscription.step_ids.sorted("id").filtered(lambda step: not step.is_passed_over).mapped("code")

    def test_day_by_day(self):
        days = {
            "2026-01-15": ("active", []),
            "2026-01-16": ("past_due", ["past_due", "reminder-1"]),
            "2026-01-19": ("past_due", []),
            "2026-01-20": ("past_due", ["reminder-5"]),
            "2026-01-25": ("past_due", ["reminder-10"]),
            "2026-01-29": ("suspended", ["suspend"]),
            "2026-02-21": ("suspended", ["notice"]),
            "2026-02-27": ("suspended", []),
            "2026-02-28": ("expired", ["terminate"]),
        }
        expected = []
        for day, (state, steps) in days.items():
            with self.subTest(day):
                self._night(day)
                self._night(day)
                expected += steps
                self.assertEqual(self.subscription.state, state)
                self.assertEqual(self._steps(), expected)
        self.assertEqual(self.subscription.end_cause, "unpaid")
        self.assertEqual(self.instance.state, "terminating")
        self.assertTrue(self.instance.deletion_date)
        self.assertEqual(len(self._invoices(self.subscription)), 1, "what is suspended is not billed")

    def test_after_a_week_down(self):
        self._night("2026-01-27")
        self.assertEqual(self._steps(), ["past_due", "reminder-10"])
        self.assertEqual(len(self.subscription.step_ids), 4, "what was passed over is on record")
        self._night("2026-03-20", "dun")
        self.assertEqual(self._steps()[-3:], ["suspend", "notice", "terminate"])

    def test_mails_in_the_customers_language_once(self):
        self._night("2026-01-16")
        mails = self._mails(self.subscription, "reminder")
        self.assertEqual(len(mails), 1)
        self.assertIn(self.move.name, mails.body_html)
        self.assertIn("/my/invoices/", mails.body_html)
        self._night("2026-01-17")
        self.assertEqual(self._mails(self.subscription, "reminder"), mails)

    def test_the_template_follows_the_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        template = self.env.ref("saas_manager.mail_template_reminder")
        template.with_context(lang="fr_FR").subject = "Rappel {{ object.name }}"
        self._night("2026-01-16")
        self.assertEqual(self._mails(self.subscription, "reminder").subject, f"Rappel {self.subscription.name}")

    # === PAYING === #

    def test_paying_brings_all_back(self):
        for day in ("2026-01-20", "2026-02-05", "2026-03-05"):
            with self.subTest(day):
                self._night(day)
                self.assertIn(self.subscription.state, ("past_due", "suspended", "expired"))
                with self._on(day), self.env.cr.savepoint() as savepoint:
                    self._pay(self.move)
                    self.assertEqual(self.subscription.state, "active")
                    self.assertEqual(self.instance.state, "active")
                    self.assertFalse(self.instance.subscription_hold)
                    savepoint.rollback()
                self.env.invalidate_all()

    def test_paying_in_parts(self):
        self._night("2026-01-30")
        with self._on("2026-01-30"):
            self._pay(self.move, 13)
            self.assertEqual((self.move.payment_state, self.subscription.state), ("partial", "suspended"))
            self._pay(self.move, 20)
            self.assertEqual(self.subscription.state, "active")

    def test_paying_by_a_bank_statement(self):
        self._night("2026-01-30")
        with self._on("2026-01-30"):
            line = self.env["account.bank.statement.line"].create(
                {"journal_id": self.journal.id, "date": "2026-01-30", "amount": 33, "payment_ref": self.move.name}
            )
            _liquidity, suspense, _other = line._seek_for_lines()
            receivable = self.move.line_ids.filtered(lambda each: each.account_id.account_type == "asset_receivable")
            suspense.account_id = receivable.account_id
            (suspense + receivable).reconcile()
            self.assertEqual(self.subscription.state, "active")

    def test_paying_by_an_accountant_who_knows_nothing_of_saas(self):
        accountant = new_test_user(self.env, "accountant", "account.group_account_invoice")
        self._night("2026-01-30")
        with self._on("2026-01-30"):
            self._pay(self.move.with_user(accountant))
        self.assertEqual((self.subscription.state, self.instance.state), ("active", "active"))

    def test_a_credit_note_settles_as_well(self):
        self._night("2026-01-30")
        with self._on("2026-01-30"):
            self.move._reverse_moves([{"date": date(2026, 1, 30)}], cancel=True)
            self._night("2026-01-31")
        self.assertEqual(self.subscription.state, "active")

    def test_no_reminder_after_a_payment(self):
        self._night("2026-01-16")
        mail = self._mails(self.subscription, "reminder")
        self.assertEqual(mail.state, "outgoing")
        with self._on("2026-01-16"):
            self._pay(self.move)
        self.assertEqual(mail.state, "cancel", "it still waited to be sent")
        self._night("2026-01-20")
        self.assertEqual(self._mails(self.subscription, "reminder"), mail)

    def test_a_payment_that_bounces(self):
        self._night("2026-01-30")
        with self._on("2026-01-30"):
            self._pay(self.move)
            self.assertEqual(self.subscription.state, "active")
            receivable = self.move.line_ids.filtered(lambda each: each.account_id.account_type == "asset_receivable")
            receivable.remove_move_reconcile()
        self._night("2026-01-31")
        self.assertEqual(self.subscription.state, "suspended")
        reminders = self.subscription.step_ids.filtered(lambda step: step.kind == "reminder" and step.mail_id)
        self.assertFalse(reminders, "what was passed over or sent is not sent again")

    def test_a_younger_invoice_has_its_own_grace(self):
        self._pay(self.move)
        self._night("2026-02-08")
        second = self._invoices(self.subscription)[1]
        self._night("2026-03-01")
        self.assertEqual(self.subscription.state, "suspended", "due when the period began: 15 February")
        with self._on("2026-03-01"):
            self._pay(second)
        self.assertEqual(self.subscription.state, "active")
        self.assertEqual(self.subscription.next_period_start, date(2026, 3, 15))

    def test_the_oldest_is_paid_a_younger_is_late(self):
        self._night("2026-01-25")
        self._night("2026-02-08", "renew")
        young = self._invoices(self.subscription)[1]
        self._night("2026-02-17")
        self.assertEqual(self.subscription.state, "suspended")
        with self._on("2026-02-17"):
            self._pay(self.move)
            self.assertEqual(self.subscription.state, "past_due")
            self.assertEqual(self.instance.state, "active")
            self._pay(young)
            self.assertEqual(self.subscription.state, "active")

    def test_a_person_suspends_a_person_resumes(self):
        with self._on("2026-01-20"):
            self.subscription.action_suspend("Abuse")
            self._pay(self.move)
        self.assertEqual(self.subscription.state, "suspended")

    def test_paid_too_late(self):
        self._night("2026-03-05")
        self.instance._transition("terminated")
        with self._on("2026-03-25"):
            self._pay(self.move)
        self.assertEqual(self.subscription.state, "expired")
        self.assertIn("deleted", self.subscription.activity_ids[:1].summary)

    def test_a_payment_is_never_refused(self):
        self._night("2026-01-30")
        Instance = self.env.registry["saas.instance"]
        with self._on("2026-01-30"), patch.object(Instance, "_saas_resume", side_effect=UserError("no room")):
            with mute_logger(CRON):
                self._pay(self.move)
        self.assertEqual(self.move.payment_state, self.move._get_invoice_in_payment_state())
        self.assertEqual((self.subscription.state, self.subscription.problem), ("suspended", "no room"))
        self._night("2026-01-31")
        self.assertEqual((self.subscription.state, self.subscription.problem), ("active", False))

    # === THE NIGHT === #

    def test_a_broken_record_stops_nobody(self):
        others = self._start("2026-01-15") + self._start("2026-01-15")
        broken = others[0]
        prepare = self.env.registry["saas.subscription"]._prepare_invoice

        def refuse(subscription, row):
            if subscription == broken:
                raise ValueError("broken")
            return prepare(subscription, row)

        with patch.object(self.env.registry["saas.subscription"], "_prepare_invoice", refuse), mute_logger(CRON):
            self._night("2026-02-08", "renew")
        self.assertEqual([len(each.period_ids) for each in self.subscription + others], [2, 1, 2])
        self.assertEqual(broken.problem, "broken")
        self.assertTrue(broken.activity_ids)
        self._night("2026-02-09", "renew")
        self.assertEqual((len(broken.period_ids), broken.problem), (2, False))

    def test_the_crons_queue_batches(self):
        with self._on("2026-02-08"):
            self.env["saas.subscription"]._cron_renew()
        [job] = self.env["queue.job"].search([("method_name", "=", "_job_nightly")], limit=1)
        self.assertEqual(job.args[0], "renew")
        self.assertIn(self.subscription.id, job.args[1])
        self.assertEqual(self.env.ref("saas_manager.ir_cron_renew").nextcall.hour, 1)
        self.assertEqual(self.env.ref("saas_manager.ir_cron_dun").nextcall.hour, 2)

    def test_what_happens_next(self):
        with self._on("2026-01-15"):
            self.assertEqual(self.subscription.next_date, date(2026, 1, 15))
            self.assertIn(f"{self.move.name} is to be paid", self.subscription.next_step)
            days = [day for day, _text in self.subscription._get_unpaid_steps()]
        self.assertEqual(days[:3], [date(2026, 1, 16), date(2026, 1, 16), date(2026, 1, 20)])
        self._night("2026-01-16")
        with self._on("2026-01-16"):
            self.assertRecordValues(self.subscription, [{"next_date": date(2026, 1, 20), "next_step": "Reminder"}])
            self.assertIn(f"If {self.move.name} is not paid", self.subscription.next_html)
            self.assertIn("Termination", self.subscription.next_html)
            self._pay(self.move)
            self.subscription.invalidate_recordset()
            self.assertEqual(self.subscription.next_date, date(2026, 2, 8))
            self.assertNotIn("Termination", self.subscription.next_html)
