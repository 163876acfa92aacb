import json

from odoo.exceptions import UserError
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from .subscription_common import SubscriptionCase

STATES = ("draft", "trial", "active", "past_due", "suspended", "cancelled", "expired")
LIVE = ("trial", "active", "past_due", "suspended")
# What each button makes of the states that it may be pressed in. In all others it is refused, and says why.
BUTTONS = {
    "action_start": {"draft": "active"},
    "action_start_paid": {"draft": "active", "trial": "active"},
    "action_suspend": {**dict.fromkeys(LIVE, "suspended")},
    "action_resume": {"suspended": "active", "cancelled": "active", "expired": "active"},
    "action_cancel_at_end": {state: state for state in LIVE},
    "action_cancel_now": {**dict.fromkeys(("draft", *LIVE), "cancelled")},
    "action_terminate": {**dict.fromkeys(LIVE, "cancelled")},
    "action_mark_past_due": {"active": "past_due"},
    "action_mark_paid": {"past_due": "active"},
}
# Refused in every state: there is nothing to undo.
IDLE = ("action_undo_cancellation", "action_undo_change")
WHY = "can't become|nothing to undo|has ended already"


class TransitionCase(SubscriptionCase):
    def _in_state(self, state):
        """Return a contract in a state, invoiced elsewhere so that a button makes it past due."""
        trial_days = 14 if state == "trial" else 0
        subscription = self._subscribe(billing_engine="external", trial_days=trial_days)
        if state != "draft":
            subscription.action_start()
        if state == "past_due":
            subscription.action_mark_past_due()
        elif state == "suspended":
            subscription.action_suspend("Test")
        elif state == "cancelled":
            subscription.action_cancel_now()
        elif state == "expired":
            subscription._end("expired", "not_renewed")
        self.assertEqual(subscription.state, state)
        return subscription

    def _arguments(self, action, subscription):
        return [subscription.name] if action == "action_terminate" else []


@tagged("post_install", "-at_install")
class TestSubscriptionTransitions(TransitionCase, TransactionCase):
    """Every button in every state."""

    def test_every_button_in_every_state(self):
        for state in STATES:
            for action in (*BUTTONS, *IDLE):
                with self.subTest(state=state, action=action), self.env.cr.savepoint() as savepoint:
                    self._press(self._in_state(state), action, BUTTONS.get(action, {}).get(state))
                    savepoint.rollback()
                self.env.invalidate_all()

    def _press(self, subscription, action, wanted):
        before, method = subscription.state, getattr(subscription, action)
        arguments = self._arguments(action, subscription)
        if wanted:
            method(*arguments)
            self.assertEqual(subscription.state, wanted)
            return
        with self.assertRaisesRegex(UserError, WHY):
            method(*arguments)
        self.assertEqual(subscription.state, before)

    def test_undo_where_there_is_something(self):
        subscription = self._in_state("active")
        subscription.action_cancel_at_end("Too dear")
        subscription.action_undo_cancellation()
        self.assertFalse(subscription.cancel_on)
        subscription._write_protected({"pending_plan_id": self.big_plan.id, "pending_interval": "month"})
        subscription.action_undo_change()
        self.assertFalse(subscription.pending_plan_id)

    def test_what_has_never_begun_does_not_come_back(self):
        draft = self._in_state("draft")
        draft.action_cancel_now("A slip")
        with self.assertRaisesRegex(UserError, "never begun"):
            draft.action_resume()

    def test_the_reason_of_an_end_stays(self):
        ended = self._in_state("active")
        ended.action_cancel_now("Too dear")
        with self.assertRaisesRegex(UserError, "can't become"):
            ended.action_cancel_now("Another one")
        self.assertEqual(ended.cancel_reason, "Too dear")

    def test_a_change_where_nothing_runs(self):
        for state in ("draft", "suspended", "cancelled", "expired"):
            wizard = self.env["saas.subscription.change.wizard"].with_context(
                default_subscription_id=self._in_state(state).id
            )
            with self.subTest(state), self.assertRaisesRegex(UserError, "that runs"):
                wizard.create({"plan_id": self.big_plan.id}).action_confirm()

    def test_the_billing_by_odoo_is_marked_by_its_invoices(self):
        subscription = self._start("2026-01-10")
        for action in (subscription.action_mark_past_due, subscription.action_mark_paid):
            with self.assertRaisesRegex(UserError, "follows its invoices"):
                action()


@tagged("post_install", "-at_install")
class TestSubscriptionTransitionsByRpc(TransitionCase, HttpCase):
    """The same over the wire, as the web client and scripts call."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()

    def _call(self, method, *arguments):
        params = {"model": "saas.subscription", "method": method, "args": list(arguments), "kwargs": {}}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        url = f"/web/dataset/call_kw/saas.subscription/{method}"
        answer = self.url_open(url, data=body, headers={"Content-Type": "application/json"}).json()
        return answer.get("error", {}).get("data", {})

    @mute_logger("odoo.http")
    def test_what_is_refused_is_refused_over_rpc_too(self):
        self.authenticate("saas_manager", "saas_manager")
        for state in STATES:
            for action in (*BUTTONS, *IDLE):
                if not BUTTONS.get(action, {}).get(state):
                    with self.subTest(state=state, action=action):
                        subscription = self._in_state(state)
                        error = self._call(action, subscription.ids, *self._arguments(action, subscription))
                        self.assertEqual(error.get("name"), "odoo.exceptions.UserError")
                        self.assertRegex(error["message"], WHY)
                        self.assertEqual(subscription.state, state)

    @mute_logger("odoo.http")
    def test_what_is_allowed_works_over_rpc(self):
        self.authenticate("saas_manager", "saas_manager")
        for action, states in BUTTONS.items():
            state, wanted = next(iter(states.items()))
            with self.subTest(action):
                subscription = self._in_state(state)
                arguments = self._arguments(action, subscription)
                self.assertEqual(self._call(action, subscription.ids, *arguments), {})
                subscription.invalidate_recordset()
                self.assertEqual(subscription.state, wanted)

    @mute_logger("odoo.http")
    def test_states_are_not_written(self):
        self.authenticate("saas_manager", "saas_manager")
        subscription = self._in_state("draft")
        for values in ({"state": "active"}, {"is_suspended_by_hand": True}):
            error = self._call("write", subscription.ids, values)
            self.assertEqual(error["name"], "odoo.exceptions.AccessError")
        self.assertEqual(self._call("write", subscription.ids, {"auto_renew": False}), {})
