from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.tests import TransactionCase, tagged

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestInstanceViews(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()

    def _arch(self, model, view_id=None, view_type="form"):
        """Return a view as a user of the manager gets it."""
        view = self.env[model].with_user(self.user).get_view(view_id, view_type)
        return etree.fromstring(view["arch"])  # noqa: S320 - Odoo's own answer

    def test_events_button(self):
        other = self._create_instance("other")
        self.assertEqual(self.instance.event_count, 0)
        for text in ("first", "second"):
            self.instance._log_event("note", text)
        other._log_event("note", "of the other one")
        self.assertEqual(self.instance.with_user(self.user).event_count, 2)
        [button] = self._arch("saas.instance").xpath("//button[.//field[@name='event_count']]")
        action = self.env.ref("saas_manager.saas_event_action")
        self.assertEqual((button.get("type"), button.get("name")), ("action", str(action.id)))
        self.assertEqual(button.get("context"), "{'search_default_instance_id': id}")
        search = self._arch("saas.event", view_type="search")
        self.assertTrue(search.xpath("//field[@name='instance_id']"), "what the button filters by")

    def test_planned_deletions(self):
        action = self.env.ref("saas_manager.saas_instance_action_deletion")
        (soonest, _list), (calendar, _calendar), _form = action.views
        self.assertEqual([mode for _view, mode in action.views], ["list", "calendar", "form"])
        self.assertEqual(self._arch("saas.instance", soonest, "list").get("default_order"), "deletion_date")
        self.assertEqual(self._arch("saas.instance", calendar, "calendar").get("date_start"), "deletion_date")
        usual = self._arch("saas.instance", view_type="calendar")
        self.assertEqual(usual.get("date_start"), "requested_at", "what the instances' own calendar shows")
        self._activate(self.instance).action_terminate("acme")
        self._activate(self._create_instance("other"))
        found = self.env["saas.instance"].with_user(self.user).search(literal_eval(action.domain))
        self.assertEqual(found, self.instance)
        self.assertGreater(found.deletion_date, fields.Datetime.now() + timedelta(days=13))
