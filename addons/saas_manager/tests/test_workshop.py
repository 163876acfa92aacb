import base64
import json
from datetime import timedelta
from unittest.mock import create_autospec, patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine.workshop import Workshop

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestWorkshop(SaasCase, TransactionCase):
    """A template that is configured by hand. What the engine does is in tests/integration/test_workshop.py."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.engine = create_autospec(Workshop, instance=True)
        Model = cls.env.registry["saas.template.workshop"]
        settings = cls.instance._get_engine_settings()
        cls.startClassPatcher(patch.object(Model, "_get_engine", lambda self: cls.engine))
        cls.startClassPatcher(patch.object(Model, "_get_engine_settings", lambda self: settings))

    def setUp(self):
        super().setUp()
        self._keep_builds_in_this_transaction()
        self.engine.reset_mock(side_effect=True)
        self.engine.publish.side_effect = lambda spec, log: spec.version_database

    def _open(self):
        self.template.with_user(self.administrator).action_configure_by_hand()
        workshop = self.template.workshop_id
        workshop._job_open()
        self.assertEqual(workshop.state, "open")
        return workshop

    def _publish(self, note="Two tables and a terrace"):
        workshop = self._open()
        workshop.with_user(self.administrator).action_publish(note)
        workshop._job_publish(self.template.build_ids[0].id)
        return workshop

    def _events(self, *domain):
        return self.env["saas.event"].search([("template_id", "=", self.template.id), *domain])

    def test_opened(self):
        workshop = self._open()
        [spec] = self.engine.open.call_args.args
        self.assertEqual(spec.template_database, "tpl_blank_v1")
        self.assertEqual(spec.url, workshop.url)
        self.assertRegex(spec.host, r"^[0-9a-f]{24}\.")
        self.engine.verify.assert_called_once_with(spec)
        self.assertEqual(workshop.user_id, self.administrator)
        day = fields.Datetime.now() + timedelta(hours=24)
        self.assertAlmostEqual(workshop.expires_at, day, delta=timedelta(minutes=1))
        self.assertEqual(self.template.state, "ready", "customers go on with the version in use")

    def test_one_at_a_time(self):
        self._open()
        with self.assertRaisesRegex(UserError, "has an open copy"):
            self.template.action_configure_by_hand()
        with self.assertRaisesRegex(UserError, "Publish or discard it first"):
            self.template.action_build()

    def test_of_a_ready_template(self):
        self.template._write_protected({"state": "building"})
        with self.assertRaisesRegex(UserError, "build it first"):
            self.template.action_configure_by_hand()

    def test_the_link(self):
        workshop = self._open()
        action = self.template.with_user(self.administrator).action_workshop_sign_in()
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "new"))
        address, token = action["url"].split("#")
        self.assertEqual(address, f"{workshop.url}/saas/sign-in")
        payload = token.split(".")[0]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        self.assertEqual((claims["host"], claims["by"]), (workshop._get_host(), self.administrator.name))
        self.assertTrue(claims["quiet"], "a note would be in every customer's database")
        event = self._events(("kind", "=", "access"))
        self.assertEqual(event.user_id, self.administrator)
        self.assertNotIn(token, str(self._events().mapped("message")))

    def test_published(self):
        self.env["saas.pool.clone"]._start(self.template)._transition("ready")
        workshop = self._publish()
        build = self.template.build_ids[0]
        self.assertEqual((workshop.state, workshop.version_database), ("published", "tpl_blank_v2"))
        self.assertEqual((self.template.state, self.template.database), ("ready", "tpl_blank_v2"))
        self.assertEqual((build.kind, build.state, build.note), ("hand", "done", "Two tables and a terrace"))
        self.assertTrue(self.template.made_by_hand)
        self.assertFalse(self.template.workshop_id)
        self.assertTrue(self._events(("kind", "=", "built"), ("message", "like", "terrace")))
        self.assertEqual(self._jobs(self.template, "_job_discard").args, ["tpl_blank_v1"])
        self.assertIn(["tpl_blank_v2"], self._jobs(self.template, "_job_adjust_pool").mapped("args"))

    def test_not_without_a_note(self):
        workshop = self._open()
        for note in (False, "  \n"):
            with self.assertRaisesRegex(UserError, "what was done"):
                workshop.action_publish(note)
        self.assertEqual(workshop.state, "open")
        action = self.template.action_workshop_publish()
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
        wizard.note = "Opening hours"
        wizard.save().action_confirm()
        self.assertEqual((workshop.state, workshop.note), ("publishing", "Opening hours"))

    def test_publishing_that_fails_loses_nothing(self):
        workshop = self._open()
        workshop.action_publish("Much work")
        self._fail_job(self._jobs(workshop, "_job_publish"), "The login page lacks a.js")
        self.assertEqual((self.template.state, self.template.database), ("ready", "tpl_blank_v1"))
        self.assertEqual(self.template.build_ids[0].state, "failed")
        self.assertFalse(self.template.made_by_hand)
        workshop._job_reopen()
        self.engine.reopen.assert_called_once()
        self.assertEqual(self.engine.reopen.call_args.args[0].version_database, "tpl_blank_v2")
        self.assertEqual((workshop.state, workshop.version_database), ("open", False))
        self.assertIn("lacks a.js", self.template.workshop_failure)
        self.assertTrue(self.template.activity_ids)
        workshop.action_publish("Much work")
        workshop._job_publish(self.template.build_ids[0].id)
        self.assertEqual(self.template.database, "tpl_blank_v3")

    def test_publishing_that_is_cancelled(self):
        workshop = self._open()
        workshop.action_publish("Much work")
        self._jobs(workshop, "_job_publish").button_cancelled()
        self.assertEqual(self.template.state, "ready")
        workshop._job_reopen()
        self.assertEqual(workshop.state, "open")

    def test_a_stale_job_does_nothing(self):
        workshop = self._open()
        workshop.action_publish("Much work")
        build = self.template.build_ids[0]
        self._fail_job(self._jobs(workshop, "_job_publish"), "No space left")
        workshop._job_publish(build.id)
        self.engine.publish.assert_not_called()
        workshop._job_reopen()
        workshop._job_reopen()
        workshop._job_open()
        self.engine.reopen.assert_called_once()
        self.engine.open.assert_called_once()

    def test_opening_that_fails(self):
        self.template.action_configure_by_hand()
        workshop = self.template.workshop_id
        self._fail_job(self._jobs(workshop, "_job_open"), "The disk is full.")
        self.assertEqual((workshop.state, self.template.workshop_failure), ("failed", "The disk is full."))
        self.template.action_workshop_retry()
        workshop._job_open()
        self.assertEqual(workshop.state, "open")

    def test_discarded(self):
        workshop = self._open()
        self.template.with_user(self.administrator).action_workshop_discard()
        self.assertEqual(workshop.state, "discarding")
        workshop._job_discard()
        self.engine.discard.assert_called_once()
        self.assertEqual((workshop.state, self.template.database), ("discarded", "tpl_blank_v1"))
        self._open()

    def test_forgotten(self):
        workshop = self._open()
        Model = self.env["saas.template.workshop"]
        Model._cron_expire()
        self.assertFalse(workshop.reminder_id)
        workshop.expires_at = fields.Datetime.now() + timedelta(hours=3)
        Model._cron_expire()
        reminder = workshop.reminder_id
        self.assertEqual((reminder.user_id, reminder.res_id), (self.administrator, self.template.id))
        Model._cron_expire()
        self.assertEqual(workshop.reminder_id, reminder, "once")
        self.template.with_user(self.administrator).action_workshop_extend()
        self.assertFalse(reminder.exists())
        Model._cron_expire()
        self.assertEqual(workshop.state, "open")
        workshop.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        Model._cron_expire()
        self.assertEqual(workshop.state, "discarding")
        self.assertTrue(self._events(("message", "like", "was forgotten")))

    def test_the_night_leaves_it_alone_and_says_so_once(self):
        self.env["saas.template"].search([]).active = False
        self.template.active = True
        Template = self.env["saas.template"]
        self.template._write_protected({"built_from": "something older"})
        told = [("message", "like", "It is not built again")]
        workshop = self._open()
        Template._cron_rebuild()
        self.assertEqual((self.template.state, len(self._events(*told))), ("ready", 1))
        workshop.action_publish("Much work")
        workshop._job_publish(self.template.build_ids[0].id)
        for _ in range(2):
            Template._cron_rebuild()
        self.assertEqual((self.template.state, len(self._events(*told))), ("ready", 2))
        self.assertTrue(self.template.skipped_for)
        self.template._queue_build()
        self.template._job_build(self.template.build_ids[0].id)
        self.assertFalse(self.template.skipped_for or self.template.made_by_hand)
        self.template._write_protected({"built_from": "something older"})
        Template._cron_rebuild()
        self.assertEqual(self.template.state, "building")

    def test_a_build_asks_before_it_loses_work(self):
        self._publish("First: tables")
        self._publish("Second: terrace")
        self.assertEqual(self.template.by_hand_notes, "v2: First: tables\nv3: Second: terrace")
        action = self.template.action_build()
        self.assertEqual(self.template.state, "ready")
        wizard = self.env[action["res_model"]].with_context(**action["context"]).create({})
        self.assertIn("terrace", wizard.notes)
        with self.assertRaisesRegex(UserError, "one by one"):
            (self.template | self.template.copy({"code": "other"})).action_build()
        wizard.action_confirm()
        self.template._job_build(self.template.build_ids[0].id)
        self.assertFalse(self.template.made_by_hand or self.template.by_hand_notes)
        self.assertEqual(self.template.build_ids[0].kind, "build")
        self.assertTrue(self.template.action_build())
        self.assertEqual(self.template.state, "building")

    def test_variants_are_built_from_the_definition(self):
        self._publish()
        variant = self.template._find_or_make_variant(self.env.ref("base.fr"), "fr_FR", self.env["res.currency"])
        self.assertNotEqual(variant, self.template)
        self.assertFalse(variant.made_by_hand)

    def test_for_administrators_only(self):
        for user in (self.user, self.manager):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.template.with_user(user).action_configure_by_hand()
        workshop = self._open()
        for user in (self.user, self.manager):
            theirs = workshop.with_user(user)
            for attempt in (
                theirs.action_sign_in,
                theirs.action_discard,
                theirs.action_extend,
                theirs.action_retry,
                lambda theirs=theirs: theirs.action_publish("x"),
                lambda theirs=theirs: theirs.write({"note": "x"}),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    attempt()
        with self.assertRaises(AccessError):
            workshop.with_user(self.administrator).write({"state": "published"})
        self.template.company_id = self.env["res.company"].create({"name": "Second"})
        with self.assertRaises(AccessError):
            workshop.with_user(self.administrator).action_sign_in()
        self.assertEqual(workshop.state, "open")
