from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

from .subscription_common import SubscriptionCase

CODES = ("started", "cancelling", "cancellation_undone", "ended", "resumed", "changed", "paused")


@tagged("post_install", "-at_install")
class TestSubscriptionMails(SubscriptionCase, TransactionCase):
    """What the customer hears of the life of a contract: once, at its moment, in their language."""

    def _subjects(self, subscription):
        """Return the subjects of all mails about a contract but invoices, oldest first; and forget them."""
        domain = [("model", "=", "saas.subscription"), ("res_id", "=", subscription.id)]
        mails = self.env["mail.mail"].search(domain, order="id")
        subjects = [mail.subject for mail in mails if not mail.subject.startswith("Invoice")]
        self.bodies = [mail.body_html for mail in mails if not mail.subject.startswith("Invoice")]
        mails.unlink()
        return [subject.replace(subscription.name, "X") for subject in subjects]

    def test_the_beginning(self):
        subscription = self._start("2026-01-10", self.instance)
        self.assertEqual(self._subjects(subscription), ["Your subscription X has begun"])
        self.assertIn("30.00", self.bodies[0])
        self.assertIn("02/10/2026", self.bodies[0])
        self.assertIn(self.instance.url, self.bodies[0])
        self._night("2026-02-10")
        self.assertNotIn("Your subscription X has begun", self._subjects(subscription), "it begins once")

    def test_the_end_of_a_trial_is_a_beginning(self):
        subscription = self._start("2026-01-20", trial_days=14)
        self.assertEqual(self._subjects(subscription), [])
        self._night("2026-02-03", "renew")
        self._night("2026-02-03", "renew")
        self.assertEqual(self._subjects(subscription), ["Your subscription X has begun"])

    def test_a_cancellation_for_later_and_its_undoing(self):
        subscription = self._start("2026-01-10", self.instance)
        self._pay(subscription.move_ids)
        self._subjects(subscription)
        with self._on("2026-01-15"):
            subscription.action_cancel_at_end()
            self.assertEqual(self._subjects(subscription), ["We have cancelled your subscription X"])
            self.assertIn("02/10/2026", self.bodies[0])
            subscription.action_undo_cancellation()
            self.assertEqual(self._subjects(subscription), ["Your subscription X goes on"])
            subscription.action_cancel_at_end()
            self._subjects(subscription)
        for day in ("2026-02-10", "2026-02-11"):
            self._night(day)
        self.assertEqual(self._subjects(subscription), ["Your subscription X is over"])
        self.assertIn("02/24/2026", self.bodies[0], "the day of the deletion")

    def test_a_cancellation_at_once_and_the_way_back(self):
        subscription = self._start("2026-01-10", self.instance)
        self._subjects(subscription)
        with self._on("2026-01-15"):
            subscription.action_cancel_now()
            self.assertEqual(self._subjects(subscription), ["Your subscription X is over"])
            subscription.action_resume()
        self.assertEqual(self._subjects(subscription), ["Your subscription X runs again"])

    def test_a_draft_is_nobodys_business(self):
        draft = self._subscribe()
        draft.action_cancel_now()
        self.assertEqual(self._subjects(draft), [])

    def test_a_suspension_by_a_person(self):
        subscription = self._start("2026-01-10", self.instance)
        self._subjects(subscription)
        subscription.action_suspend("Moving house")
        self.assertEqual(self._subjects(subscription), ["We have suspended your subscription X"])
        self.assertIn("Moving house", self.bodies[0])
        subscription.action_suspend("Twice")
        self.assertEqual(self._subjects(subscription), [], "it is suspended already")

    def test_coming_back_after_a_payment(self):
        subscription = self._start("2026-01-10", self.instance)
        self._night("2026-01-30", "dun")
        self.assertEqual(self._subjects(subscription)[-1], "Your subscription X is suspended")
        with self._on("2026-01-30"):
            self._pay(subscription.move_ids)
        self._night("2026-01-31", "dun")
        self.assertEqual(self._subjects(subscription), ["Your subscription X runs again"])

    def test_paying_in_time_is_no_news(self):
        subscription = self._start("2026-01-10")
        self._night("2026-01-12", "dun")
        self._subjects(subscription)
        with self._on("2026-01-13"):
            self._pay(subscription.move_ids)
        self.assertEqual((subscription.state, self._subjects(subscription)), ("active", []))

    def test_changes(self):
        subscription = self._start("2026-04-01", self.instance)
        self._pay(subscription.move_ids)
        self._subjects(subscription)
        with self._on("2026-04-16"):
            subscription._change(Wanted(self.big_plan, "month", 0, 0))
            self.assertEqual(self._subjects(subscription), ["Your subscription X was changed"])
            self.assertIn("Big", self.bodies[0])
            subscription._change(Wanted(self.big_plan, "year", 0, 0))
            self.assertEqual(self._subjects(subscription), ["Your subscription X was changed"])
            self.assertIn("05/01/2026", self.bodies[0])
            self.assertIn("by the year", self.bodies[0])
            subscription.action_undo_change()
            self.assertEqual(self._subjects(subscription), ["Your subscription X was changed"])
            self.assertNotIn("by the year", self.bodies[0])

    def test_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        for code in CODES:
            template = self.env.ref(f"saas_manager.mail_template_{code}")
            template.with_context(lang="fr_FR").subject = f"{code} en français"
        subscription = self._start("2026-01-10")
        subscription.action_suspend("Moving house")
        subscription.action_resume()
        subscription.action_cancel_at_end()
        subscription.action_undo_cancellation()
        subscription.action_cancel_now()
        expected = ("started", "paused", "resumed", "cancelling", "cancellation_undone", "ended")
        self.assertEqual(self._subjects(subscription), [f"{code} en français" for code in expected])

    def test_who_has_no_address_gets_none_and_it_is_said(self):
        self.customer.email = False
        subscription = self._start("2026-01-10")
        self.assertNotIn("Your subscription X has begun", self._subjects(subscription))
        self.assertIn("no email address", " ".join(subscription.event_ids.mapped("message")))

    def test_every_mail_has_a_preview_and_is_among_the_tested(self):
        self._subscribe()
        templates = self.env["ir.mail_server"]._saas_get_mail_templates()
        mine = self.env["mail.template"].union(*(self.env.ref(f"saas_manager.mail_template_{code}") for code in CODES))
        self.assertLessEqual(mine, templates)
        for template in templates.filtered(lambda each: each.model == "saas.subscription"):
            with self.subTest(template.name):
                preview = self.env["mail.template.preview"].with_context(default_mail_template_id=template.id)
                record = preview.create({"resource_ref": f"saas.subscription,{self._subscribe().id}"})
                self.assertTrue(record.subject and "Acme Inc." in record.body_html)
                self.assertFalse(record.error_msg)
