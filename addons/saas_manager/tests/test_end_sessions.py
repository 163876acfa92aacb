import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine.runtime import Runtime

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestEndSessions(SaasCase, TransactionCase):
    """The button. That a request then has to sign in again is in tests/security/test_sessions.py."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls._activate(cls.instance)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.sessions = Path(folder.name) / "sessions"
        runtime = Runtime("shared", "18.0", "http://127.0.0.1:9", Path(folder.name), ["odoo-bin"], {})
        cls.startClassPatcher(
            patch.object(cls.env.registry["saas.runtime"], "_get_runtime", lambda self: runtime),
        )

    def setUp(self):
        super().setUp()
        self.mine, self.neighbours = (self.sessions / key / "ab" for key in (self.instance._key, "0" * 32))
        for path in (self.mine, self.neighbours):
            path.mkdir(parents=True, exist_ok=True)
            (path / "abc").touch()

    def _events(self):
        return self.env["saas.event"].search([("instance_id", "=", self.instance.id), ("kind", "=", "access")])

    def test_sessions_go_and_the_timeline_says_who(self):
        self.instance.with_user(self.manager).action_end_sessions()
        self.assertFalse(self.mine.exists())
        self.assertTrue(self.neighbours.exists())
        [event] = self._events()
        self.assertEqual(event.user_id, self.manager)
        self.assertIn("has signed everybody out", event.message)

    def test_for_managers_only(self):
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).action_end_sessions()
        self.assertTrue(self.mine.exists())
        self.assertFalse(self._events())

    def test_what_does_not_run_has_nobody_signed_in(self):
        draft = self._create_instance("draft")
        with self.assertRaisesRegex(UserError, "is not running"):
            draft.with_user(self.manager).action_end_sessions()
