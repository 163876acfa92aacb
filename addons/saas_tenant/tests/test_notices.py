from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .test_storage import StorageCase


@tagged("post_install", "-at_install")
class TestNotices(StorageCase):
    """What administrators are told over every page, and on the page of the plan."""

    def notices(self, user=None):
        return self.env["saas.tenant.notice"].with_user(user or self.admin).get_notices()

    def test_storage(self):
        for used, expected in (
            (7.9, []),
            (8, [("storage-80-", "warning", True)]),
            (9.5, [("storage-95", "danger", False)]),
            (10, [("storage-100", "danger", False)]),
        ):
            self.use(used)
            found = [(notice["key"], notice["type"], notice["dismissable"]) for notice in self.notices()]
            self.assertEqual(found, expected, used)
        self.assertIn("10 MB of 10 MB", self.notices()[0]["text"])

    def test_each_rise_has_a_key_of_its_own(self):
        keys = set()
        for since in ("2026-01-01T10:00:00", "2026-02-01T10:00:00"):
            self.use(8)
            self.gateway.notices["storage"]["since"] = since
            keys.add(self.notices()[0]["key"])
        self.assertEqual(len(keys), 2)

    def test_payment(self):
        overdue = {
            "since": "2026-01-15",
            "until": "2026-01-29",
            "invoice": "INV/1",
            "url": "https://m.example.com/my/1",
        }
        self.gateway.notices["past_due"] = overdue
        [notice] = self.notices()
        self.assertEqual((notice["type"], notice["dismissable"]), ("danger", False))
        for word in ("INV/1", "01/15/2026", "01/29/2026"):
            self.assertIn(word, notice["text"])
        self.assertEqual(notice["link"]["url"], "https://m.example.com/my/1")
        self.gateway.notices["past_due"] = {}
        [notice] = self.notices()
        self.assertEqual((notice["text"], notice["link"]), ("A payment for this site is overdue.", None))

    def test_trial(self):
        today = fields.Date.context_today(self.env["saas.tenant.notice"].with_user(self.admin))
        for days, count in ((0, 0), (1, 1), (3, 1), (4, 0)):
            until = (today + timedelta(days=days)).isoformat()
            self.gateway.notices["trial"] = {"until": until, "days": 3, "goes_on": False}
            self.assertEqual(len(self.notices()), count, days)
        self.gateway.notices["trial"]["until"] = (today + timedelta(days=2)).isoformat()
        self.assertIn("does not go on by itself", self.notices()[0]["text"])

    def test_administrators_alone(self):
        self.use(11)
        self.assertTrue(self.notices())
        user = new_test_user(self.env, "somebody", groups="base.group_user")
        self.assertEqual(self.notices(user), [])
        with self.assertRaises(AccessError):
            self.env["saas.tenant.plan"].with_user(user).get_page()

    def test_the_page(self):
        self.gateway.limits |= {"max_users": 100, "max_mails_day": 50, "max_mails_hour": 5}
        self.gateway.limits |= {"apps": ["mail", "web"], "account_url": "https://m.example.com/my"}
        self.gateway.sent = 10
        self.use(8.5)
        page = self.env["saas.tenant.plan"].with_user(self.admin).get_page()
        self.assertEqual((page["plan"], page["contact"]), ("Starter", "boss@example.com"))
        self.assertEqual(page["account_url"], "https://m.example.com/my")
        self.assertEqual(len(page["apps"]), 2)
        self.assertEqual([notice["key"] for notice in page["notices"]], ["storage-80-"])
        storage, users, mails = page["meters"]
        self.assertEqual((round(storage["percent"]), mails["percent"], mails["text"]), (85, 20, "10 of 50"))
        count = self.env["res.users"].search_count([("share", "=", False)])
        self.assertEqual((users["percent"], users["text"]), (count, f"{count} of 100"))

    def test_the_page_without_limits(self):
        self.gateway.limits.clear()
        self.gateway.is_away = True
        page = self.env["saas.tenant.plan"].with_user(self.admin).get_page()
        self.assertEqual([meter["percent"] for meter in page["meters"]], [None, None, None])
        self.assertEqual((page["plan"], page["apps"], page["account_url"]), ("", False, False))
        self.assertIn("without a limit", page["meters"][0]["text"])
        self.assertEqual(page["meters"][2]["text"], "Not known at the moment")

    def test_without_a_gateway(self):
        self.startPatcher(patch("odoo.addons.saas_tenant.gateway.limits", lambda: None))
        self.assertEqual(self.notices(), [])
        self.assertTrue(self.env["saas.tenant.plan"].with_user(self.admin).get_page()["contact"])


@tagged("post_install", "-at_install")
class TestSession(StorageCase, HttpCase):
    def test_the_web_client_of_administrators_gets_them(self):
        new_test_user(self.env, "plain", groups="base.group_user", password="plain-plain")
        new_test_user(self.env, "boss", groups="base.group_system", password="boss-boss")
        self.use(10)
        for login, password, keys in (("boss", "boss-boss", ["storage-100"]), ("plain", "plain-plain", None)):
            self.authenticate(login, password)
            info = self.make_jsonrpc_request("/web/session/get_session_info", {})
            found = info.get("saas_notices")
            self.assertEqual(found and [notice["key"] for notice in found], keys)
