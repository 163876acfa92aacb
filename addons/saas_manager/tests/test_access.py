from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import SaasCase

MODELS = ("saas.server", "saas.release", "saas.runtime", "saas.plan", "saas.template", "saas.template.build")
OTHERS = (
    *("saas.instance.step", "saas.instance.redirect", "saas.event"),
    *("saas.backup", "saas.pool.clone", "saas.template.workshop"),
    *("saas.usage", "saas.usage.alert"),
    *("saas.reconciliation", "saas.reconciliation.line"),
)
SUBSCRIPTIONS = ("saas.subscription", "saas.subscription.line")
BILLED = (
    *("saas.subscription.period", "saas.subscription.step"),
    *("saas.subscription.movement", "saas.subscription.report"),
)
RULES = ("saas.usage.rule",)
RECORDS = (*MODELS, *RULES, "saas.instance", "saas.instance.company", *OTHERS, *SUBSCRIPTIONS, *BILLED)


@tagged("post_install", "-at_install")
class TestAccess(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.portal = new_test_user(cls.env, "acme_portal", "base.group_portal", partner_id=cls.customer.id)
        cls.other_portal = new_test_user(cls.env, "other_portal", "base.group_portal")
        cls.employee = new_test_user(cls.env, "employee", "base.group_user")

    def test_every_model_has_a_rule_per_role(self):
        expected = {
            self.user: dict.fromkeys(RECORDS, "r"),
            self.administrator: {
                **dict.fromkeys((*MODELS[:5], *RULES), "rwcu"),
                "saas.template.build": "r",
                "saas.instance": "rwcu",
                "saas.instance.company": "rwcu",
                **dict.fromkeys(OTHERS, "r"),
                **dict.fromkeys(SUBSCRIPTIONS, "rwcu"),
                **dict.fromkeys(BILLED, "r"),
            },
            self.manager: {
                **dict.fromkeys(RECORDS, "r"),
                "saas.instance": "rwcu",
                "saas.instance.company": "rwcu",
                **dict.fromkeys(SUBSCRIPTIONS, "rwcu"),
            },
            self.employee: dict.fromkeys(RECORDS, ""),
            self.portal: {
                **dict.fromkeys(RECORDS, ""),
                "saas.instance": "r",
                **dict.fromkeys((*SUBSCRIPTIONS, "saas.subscription.period"), "r"),
            },
        }
        operations = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
        for user, models in expected.items():
            for model, letters in models.items():
                with self.subTest(user=user.login, model=model):
                    Model = self.env[model].with_user(user)
                    allowed = "".join(letter for letter, name in operations.items() if Model.has_access(name))
                    self.assertEqual(allowed, letters)

    def test_portal_sees_its_own_instances_only(self):
        Instance = self.env["saas.instance"]
        self.assertEqual(Instance.with_user(self.portal).search([]), self.instance)
        self.assertFalse(Instance.with_user(self.other_portal).search([]))
        with self.assertRaises(AccessError):
            self.instance.with_user(self.other_portal).read(["name"])

    def test_colleagues_of_the_customer_see_it_followers_do_not(self):
        colleague = new_test_user(self.env, "colleague", "base.group_portal")
        colleague.partner_id.parent_id = self.customer
        self.assertEqual(self.env["saas.instance"].with_user(colleague).search([]), self.instance)
        self.instance.message_subscribe(self.other_portal.partner_id.ids)
        self.assertFalse(self.env["saas.instance"].with_user(self.other_portal).search([]))

    def test_portal_changes_nothing(self):
        mine = self.instance.with_user(self.portal)
        for action in (
            lambda: mine.write({"name": "Hacked"}),
            lambda: mine.action_provision(),
            lambda: mine.action_terminate("acme"),
            lambda: mine.unlink(),
            lambda: mine.read(["uuid"]),
            lambda: mine.read(["failure_reason"]),
        ):
            with self.assertRaises(AccessError):
                action()
        self.assertEqual(mine.read(["name"])[0]["name"], "acme")

    def test_companies(self):
        second = self.env["res.company"].create({"name": "Second"})
        theirs = self._create_instance("theirs", company_id=second.id)
        event = theirs._log_event("note", "theirs")
        Instance = self.env["saas.instance"].with_user(self.user)
        self.assertIn(self.instance, Instance.search([]))
        self.assertNotIn(theirs, Instance.search([]))
        self.assertNotIn(event, self.env["saas.event"].with_user(self.user).search([]))
        self.user.company_ids += second
        self.env.invalidate_all()
        self.assertIn(theirs, Instance.with_context(allowed_company_ids=second.ids).search([]))

    def test_usage_of_another_company(self):
        second = self.env["res.company"].create({"name": "Second"})
        theirs, rows = self._create_instance("theirs", company_id=second.id), self.env["saas.usage"]
        rule = self.env["saas.usage.rule"].create({"name": "x", "company_id": second.id})
        for instance in self.instance, theirs:
            rows |= rows.create({"instance_id": instance.id, "day": "2026-01-01", "company_id": instance.company_id.id})
        alert = self.env["saas.usage.alert"].create(
            {"rule_id": rule.id, "instance_id": theirs.id, "since": "2026-01-01"}
        )
        hidden = ((rows[1], "saas.usage"), (alert, "saas.usage.alert"), (rule, "saas.usage.rule"))
        self.assertEqual(self.env["saas.usage"].with_user(self.user).search([("id", "in", rows.ids)]), rows[0])
        for record, model in hidden:
            self.assertNotIn(record, self.env[model].with_user(self.user).search([]))
        self.user.company_ids += second
        self.env.invalidate_all()
        for record, model in hidden:
            found = self.env[model].with_user(self.user).with_context(allowed_company_ids=second.ids).search([])
            self.assertIn(record, found)

    def test_portal_sees_no_usage_of_its_instance(self):
        mine = self.instance.with_user(self.portal)
        for name in ("usage_ids", "usage_requests", "usage_users", "usage_storage_mb", "usage_problem", "usage_graph"):
            with self.subTest(name), self.assertRaises(AccessError):
                mine.read([name])
            self.assertIn(name, self.instance.with_user(self.user).read([name])[0])

    def test_backup_paths_are_the_administrators(self):
        backup = self.env["saas.backup"].create({"name": "x", "instance_id": self.instance.id, "path": "/x"})
        with self.assertRaises(AccessError):
            backup.with_user(self.manager).read(["path"])
        self.assertEqual(backup.with_user(self.administrator).path, "/x")

    def test_progress_channel(self):
        channel = f"saas.instance_{self.instance.id}"
        for user, allowed in (
            (self.user, True),
            (self.portal, True),
            (self.other_portal, False),
            (self.employee, False),
        ):
            with self.subTest(user.login):
                found = self.env["saas.instance"].with_user(user)
                visible = found.has_access("read") and bool(found.search([("id", "=", self.instance.id)]))
                self.assertEqual(visible, allowed, channel)

    def test_portal_sees_its_own_subscriptions_only(self):
        subscription = self.env["saas.subscription"].create({"partner_id": self.customer.id, "trial_days": 0})
        subscription.action_start()
        for model, records in (
            ("saas.subscription", subscription),
            ("saas.subscription.line", subscription.line_ids),
            ("saas.subscription.period", subscription.period_ids),
        ):
            with self.subTest(model):
                self.assertTrue(records)
                self.assertEqual(self.env[model].with_user(self.portal).search([]), records)
                self.assertFalse(self.env[model].with_user(self.other_portal).search([]))
        mine = subscription.with_user(self.portal)
        self.assertTrue(mine.read(["name", "state", "recurring_amount", "next_html", "next_invoice_date"]))
        for action in (
            lambda: mine.read(["problem"]),
            lambda: mine.read(["monthly_amount"]),
            lambda: mine.write({"auto_renew": False}),
            lambda: mine.line_ids.write({"price_unit": 0}),
            lambda: mine.action_cancel_now(),
            lambda: mine.action_suspend(),
            lambda: mine.with_user(self.other_portal).read(["name"]),
        ):
            with self.assertRaises(AccessError):
                action()

    def test_subscriptions_of_another_company(self):
        second = self.env["res.company"].create({"name": "Second"})
        theirs = self.env["saas.subscription"].create({"partner_id": self.customer.id, "company_id": second.id})
        Subscription = self.env["saas.subscription"].with_user(self.user)
        self.assertNotIn(theirs, Subscription.search([]))
        self.user.company_ids += second
        self.env.invalidate_all()
        self.assertIn(theirs, Subscription.with_context(allowed_company_ids=second.ids).search([]))
