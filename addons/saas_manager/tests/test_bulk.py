from unittest.mock import create_autospec, patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.saas_manager.models import saas_instance_suspension
from odoo.addons.saas_manager.saas_engine.directory import Directory

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestBulk(SaasCase, TransactionCase):
    """One action for many: what it says first, what it does, and what it reports."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.active = cls.env["saas.instance"].concat(
            *(cls._activate(cls._create_instance(f"bulk-{number}")) for number in range(3))
        )
        cls.all = cls.active | cls.instance
        directory = create_autospec(Directory, instance=True)
        cls.startClassPatcher(patch.object(saas_instance_suspension, "Directory", lambda cluster: directory))

    def _wizard(self, action, instances=None, user=None):
        """Open the wizard as the list does: its action, and the selected ids."""
        window = self.env.ref(f"saas_manager.saas_bulk_wizard_action_{action}")
        self.assertEqual(window.binding_model_id.model, "saas.instance")
        Wizard = self.env[window.res_model].with_user(user or self.manager)
        selected = self.all if instances is None else instances
        return Form(Wizard.with_context(default_action=action, active_model="saas.instance", active_ids=selected.ids))

    def _events(self, instance, kind):
        return instance.event_ids.filtered(lambda event: event.kind == kind)

    def test_suspend(self):
        form = self._wizard("suspend")
        self.assertEqual(form.summary, "3 will be suspended; 1 will be skipped")
        self.assertIn("acme", form.skipped)
        self.assertIn("Draft", form.skipped)
        self.assertEqual(set(self.active.mapped("state")), {"active"}, "nothing has happened yet")
        form.reason = "Moving house"
        answer = form.save().action_confirm()
        self.assertEqual(set(self.active.mapped("state")), {"suspended"})
        self.assertEqual(set(self.active.mapped("reason")), {"Moving house"})
        self.assertEqual(self.instance.state, "draft")
        for instance in self.active:
            self.assertIn("Moving house", self._events(instance, "suspended").message)
            self.assertEqual(self._events(instance, "suspended").user_id, self.manager)
            self.assertTrue(self._jobs(instance, "_job_publish_state"))
        self.assertEqual(answer["params"]["type"], "success")
        self.assertIn("Suspended: 3.", answer["params"]["message"])
        self.assertIn("Skipped: 1.", answer["params"]["message"])

    def test_resume_is_not_undo(self):
        suspended, terminating, active = self.active
        suspended.action_suspend("unpaid")
        terminating.action_terminate(terminating.subdomain)
        form = self._wizard("resume")
        self.assertEqual(form.summary, "1 will be resumed; 3 will be skipped")
        form.save().action_confirm()
        self.assertEqual(self.active.mapped("state"), ["active", "terminating", "active"])
        form = self._wizard("undo")
        self.assertEqual(form.summary, "1 will not be deleted; 3 will be skipped")
        form.save().action_confirm()
        self.assertEqual(terminating.state, "active")
        self.assertFalse(active.event_ids)

    def test_terminate_asks_for_the_number(self):
        wizard = self._wizard("terminate").save()
        for typed in (False, "", "4", "yes"):
            wizard.confirmation = typed
            with self.subTest(typed), self.assertRaisesRegex(UserError, "Type 3"):
                wizard.action_confirm()
        self.assertEqual(set(self.active.mapped("state")), {"active"})
        wizard.confirmation = " 3 "
        wizard.action_confirm()
        self.assertEqual(set(self.active.mapped("state")), {"terminating"})
        self.assertTrue(all(self.active.mapped("deletion_date")))
        self.assertFalse(self._jobs(self.active[0], "_job_delete"), "off, and nothing else yet")

    def test_provision(self):
        without_mail = self._create_instance("without-mail", admin_email=False)
        other_place = self._create_instance("elsewhere", country_id=self.env.ref("base.de").id)
        form = self._wizard("provision", self.all | without_mail | other_place)
        self.assertEqual(form.summary, "2 will be provisioned; 4 will be skipped")
        self.assertIn("no email address", form.skipped)
        self.assertFalse(self._jobs(self.instance, "_job_provision_step"))
        form.save().action_confirm()
        self.assertEqual(self.instance.state, "queued")
        self.assertTrue(self._jobs(self.instance, "_job_provision_step"))
        self.assertEqual(other_place.state, "queued", "its variant is built first")
        self.assertTrue(other_place.awaits_template)
        self.assertEqual(without_mail.state, "draft")

    def test_welcome(self):
        form = self._wizard("welcome")
        self.assertEqual(form.summary, "3 will get a new link by mail; 1 will be skipped")
        form.save().action_confirm()
        self.assertEqual(self.active.mapped("welcome_serial"), [1, 1, 1])
        self.assertTrue(self._jobs(self.active[2], "_job_send_welcome"))

    def test_one_that_fails_does_not_stop_the_others(self):
        wizard, broken = self._wizard("suspend").save(), self.active[1]
        original = type(self.active)._publish_state

        def publish(instance):
            if instance == broken:
                raise UserError("The directory is on fire.")  # pylint: disable=translation-required
            return original(instance)

        self.patch(type(self.active), "_publish_state", publish)
        answer = wizard.action_confirm()
        self.assertEqual(self.active.mapped("state"), ["suspended", "active", "suspended"])
        self.assertFalse(self._events(broken, "suspended"), "what it had done was rolled back")
        [event] = self._events(broken, "failed")
        self.assertIn("The directory is on fire.", event.message)
        self.assertEqual((answer["params"]["type"], answer["params"]["sticky"]), ("warning", True))
        for text in ("Suspended: 2.", "Failed: 1.", "bulk-1: The directory is on fire."):
            self.assertIn(text, answer["params"]["message"])

    def test_what_has_changed_since_is_reported(self):
        wizard = self._wizard("suspend").save()
        self.active[0].action_terminate("bulk-0")
        answer = wizard.action_confirm()
        self.assertEqual(self.active.mapped("state"), ["terminating", "suspended", "suspended"])
        self.assertIn("bulk-0: Its state is Terminating.", answer["params"]["message"])

    def test_nothing_to_do(self):
        form = self._wizard("resume", self.instance)
        self.assertEqual(form.count, 0)
        self.assertEqual(form.summary, "0 will be resumed; 1 will be skipped")

    def test_names_are_text(self):
        self.instance.name = "<b onclick=x>bold</b>"
        self.assertNotIn("<b ", self._wizard("resume", self.instance).skipped)

    def test_roles(self):
        with self.assertRaises(AccessError):
            self._wizard("suspend", user=self.user)
        self.assertNotIn("saas.bulk.wizard", self._offered(self.user))
        self.assertEqual(self._offered(self.manager).count("saas.bulk.wizard"), 6)
        second = self.env["res.company"].create({"name": "Second"})
        theirs = self._activate(self._create_instance("theirs", company_id=second.id))
        with self.assertRaises(AccessError):
            self._wizard("suspend", theirs)
        wizard = self.env["saas.bulk.wizard"].with_user(self.manager).sudo()
        forged = wizard.create({"action": "suspend", "instance_ids": theirs.ids}).sudo(False)
        self.env.invalidate_all()
        self.assertIn("Suspended: 0.", forged.action_confirm()["params"]["message"], "it was not even found")
        self.assertEqual(theirs.state, "active")
        self._wizard("suspend", self.active).save().action_confirm()
        self.assertEqual(set(self.active.mapped("state")), {"suspended"})

    def _offered(self, user):
        """Return the models of the windows that the list's action menu offers to a user."""
        views = self.env["saas.instance"].with_user(user).get_views([(False, "list")], {"toolbar": True})
        actions = views["views"]["list"]["toolbar"].get("action", [])
        return [self.env["ir.actions.act_window"].sudo().browse(each["id"]).res_model for each in actions]

    def test_the_rules_hold_for_the_buttons(self):
        """The life cycle knows these ways, but they belong to other actions."""
        terminating = self.active[0]
        terminating.action_terminate("bulk-0")
        with self.assertRaises(UserError):
            terminating.action_suspend()
        self.instance.action_provision()
        self.instance._transition("provisioning")
        with self.assertRaises(UserError):
            self.instance.action_resume()
        self.assertEqual(self.instance.state, "provisioning")
