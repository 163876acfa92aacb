import json
from types import SimpleNamespace

from odoo.http import _request_stack
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.saas_manager.models.saas_dashboard import BUS_CHANNEL

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestDashboardLive(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()

    def _messages(self, act):
        """Return how many messages the channel of the dashboard gets by an act, and what is in them."""
        self.env.cr.precommit.run()
        before = self.env["bus.bus"].search([])
        act()
        self.env.cr.precommit.run()
        rows = self.env["bus.bus"].search([("id", "not in", before.ids)])
        group = self.env.ref("saas_manager.group_user")
        channel = [self.env.cr.dbname, "res.groups", group.id, BUS_CHANNEL]
        return [json.loads(row.message) for row in rows if json.loads(row.channel) == channel]

    def _channels(self, user, *wanted):
        """Return what the bus subscribes a browser of this user to, when it asks for these channels."""
        websocket = self.env["ir.websocket"].with_user(user)
        _request_stack.push(SimpleNamespace(session=SimpleNamespace(uid=user.id), cookies={}, env=websocket.env))
        try:
            return websocket._build_bus_channel_list(list(wanted))
        finally:
            _request_stack.pop()

    def _is_subscribed(self, user, *wanted):
        pairs = [channel for channel in self._channels(user, *wanted) if isinstance(channel, tuple)]
        return self.env["saas.dashboard"]._get_bus_channel() in pairs

    # === WHO HEARS IT === #

    def test_users_of_the_manager_hear_it(self):
        for user in (self.user, self.manager, self.administrator):
            with self.subTest(user=user.login):
                self.assertTrue(self._is_subscribed(user, BUS_CHANNEL))
                self.assertFalse(self._is_subscribed(user), "a page without the dashboard is not to be woken up")

    def test_nobody_else_does(self):
        portal = new_test_user(self.env, "acme_portal", "base.group_portal", partner_id=self.customer.id)
        employee = new_test_user(self.env, "employee", "base.group_user")
        group = self.env.ref("saas_manager.group_user")
        guesses = [BUS_CHANNEL, f"res.groups_{group.id}", json.dumps(["res.groups", group.id, BUS_CHANNEL])]
        for user in (portal, employee, self.env.ref("base.public_user")):
            with self.subTest(user=user.login):
                self.assertFalse(self._is_subscribed(user, *guesses))

    def test_no_name_of_the_channel_is_passed_on(self):
        channels = [each for each in self._channels(self.user, BUS_CHANNEL, "other") if isinstance(each, str)]
        self.assertIn("other", channels)
        self.assertNotIn(BUS_CHANNEL, channels)

    # === WHAT IS SENT === #

    def test_a_change_is_told_and_says_nothing(self):
        messages = self._messages(lambda: self._create_instance("told"))
        self.assertEqual(messages, [{"type": BUS_CHANNEL, "payload": {}}])

    def test_whatever_the_dashboard_counts(self):
        server = self.env.ref("saas_manager.server_local")
        changes = {
            "requested": self.instance.action_provision,
            "state": lambda: self.instance._transition("provisioning"),
            "event": lambda: self.instance._log_event("note", "Something"),
            "server": lambda: server.write({"check_state": "failed"}),
            "template": lambda: self.template._write_protected({"database": "tpl_blank_v2"}),
            "clone": lambda: self.env["saas.pool.clone"]._start(self.template),
            "deleted": lambda: self._create_instance("short-lived").unlink(),
        }
        for name, act in changes.items():
            with self.subTest(change=name):
                self.assertEqual(len(self._messages(act)), 1)

    def test_failed_jobs(self):
        self.instance.action_provision()
        job = self.env["queue.job"].search([("saas_instance_id", "=", self.instance.id)], limit=1)
        self.assertEqual(len(self._messages(lambda: self._fail_job(job, "No room"))), 1)
        self.assertEqual(len(self._messages(lambda: job.button_cancelled())), 1)

    def test_what_it_does_not_show_is_not_told(self):
        def edit():
            self.instance.write({"admin_name": "Somebody"})
            self.customer.write({"name": "Acme Ltd."})

        self.assertEqual(self._messages(edit), [])

    def test_many_at_once_are_one_message(self):
        instances = self.env["saas.instance"]
        for number in range(5):
            instances += self._create_instance(f"bulk-{number}")
        self.assertEqual(len(self._messages(instances.action_provision)), 1)
        for instance in instances:
            self._activate(instance)
        self.assertEqual(len(self._messages(instances.action_suspend)), 1)
        self.assertEqual(len(self._messages(instances.action_resume)), 1)
