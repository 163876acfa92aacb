import base64
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .. import storage
from .common import GatewayCase

IMAGE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BASE_CRON = "odoo.addons.base.models.ir_cron"
MAIL = """From: jane@example.org
To: catchall@example.com
Subject: A file
MIME-Version: 1.0
Message-Id: <a-file@example.org>
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

Here it is.
--b
Content-Type: text/plain; name="a.txt"
Content-Disposition: attachment; filename="a.txt"

{content}
--b--
"""


class StorageCase(GatewayCase):
    """A person at work in a service that has a gateway, with 10 MB of storage of which a test says how much is used."""

    def setUp(self):
        super().setUp()
        self.env.cr.cache.clear()
        self.addCleanup(self.env.cr.cache.clear)
        self.gateway = self.serve(max_storage_mb=10, plan="starter", plan_name="Starter", contact="boss@example.com")
        self.use(1)

    def use(self, megabytes, before=False):
        """Let that much have been measured after all that the test stores, or right before it."""
        self.env.cr.execute("SELECT now() AT TIME ZONE 'UTC'")  # for all that a transaction stores
        [now] = self.env.cr.fetchone()
        at = now - timedelta(microseconds=1) if before else now + timedelta(minutes=5)
        percent = 10 * megabytes
        self.gateway.notices["storage"] = {"used_mb": megabytes, "percent": percent, "measured_at": at.isoformat()}
        self.env.cr.cache.clear()

    def upload(self, size=1000, user=None, **values):
        values = {"name": "a.txt", "raw": b"x" * size, **values}
        return self.env["ir.attachment"].with_user(user or self.admin).create(values)


@tagged("post_install", "-at_install")
class TestStorage(StorageCase):
    def assertRefused(self):
        return self.assertRaisesRegex(UserError, "plan Starter has 10 MB of storage")

    def test_refused_in_words(self):
        self.assertTrue(self.upload())
        self.use(10.4)
        with self.assertRaises(UserError) as refused:
            self.upload()
        message = str(refused.exception)
        for word in ("Starter", "10 MB of storage", "10 MB of it", "boss@example.com"):
            self.assertIn(word, message)
        self.use(9)
        self.assertTrue(self.upload(), "less is in use now")

    def test_no_limit_no_refusal(self):
        self.use(5000)
        self.gateway.limits["max_storage_mb"] = 0
        self.assertTrue(self.upload())
        with patch("odoo.addons.saas_tenant.gateway.limits", lambda: None):
            self.assertTrue(self.upload(2000))

    def test_a_limit_that_was_raised_counts_at_once(self):
        self.use(10)
        with self.assertRefused():
            self.upload()
        self.gateway.limits["max_storage_mb"] = 20
        self.assertTrue(self.upload())

    def test_what_was_stored_since_counts(self):
        self.use(5, before=True)
        self.upload(2 * 2**20)
        self.assertGreaterEqual(storage.use_of(self.env).used, 7 * 2**20)
        self.env.cr.cache.clear()
        with self.assertRefused():
            self.upload(4 * 2**20)
        for number in range(2):
            self.upload(2**20, name=f"{number}.txt")

    def test_many_at_once_are_counted_together(self):
        self.use(5)
        values = [{"name": str(number), "raw": bytes([number]) * 2**20} for number in range(6)]
        with self.assertRefused():
            self.env["ir.attachment"].with_user(self.admin).create(values)

    def test_not_measured_yet(self):
        self.gateway.notices.clear()
        self.assertIsNone(storage.use_of(self.env).measured_at)
        self.gateway.limits["max_storage_mb"] = 1
        with self.assertRaisesRegex(UserError, "has 1.0 MB of storage"):
            self.upload(2 * 2**20)

    def test_all_doors(self):
        attachment, partner = self.upload(), self.env["res.partner"].create({"name": "Jane"})
        admin = self.admin
        self.use(10)
        doors = {
            "datas": lambda: self.upload(raw=None, datas=base64.b64encode(b"more")),
            "another content": lambda: attachment.with_user(admin).write({"raw": b"more of it"}),
            "another content, encoded": lambda: attachment.with_user(admin).write({"datas": base64.b64encode(b"more")}),
            "as the system": lambda: self.env["ir.attachment"]
            .with_user(admin)
            .sudo()
            .create({"name": "a", "raw": b"a"}),
            "an image": lambda: partner.with_user(admin).write({"image_1920": base64.b64encode(IMAGE)}),
            "an import": lambda: partner.with_user(admin).load(
                ["name", "image_1920"], [["Joe", base64.b64encode(IMAGE).decode()]]
            ),
            "a context": lambda: self.env["ir.attachment"]
            .with_user(admin)
            .with_context(saas_storage_exempt=1, install_mode=True)
            .create({"name": "a", "raw": b"a"}),
        }
        for name, door in doors.items():
            with self.subTest(name):
                try:
                    result = door()
                except UserError as refusal:
                    self.assertIn("plan Starter", str(refusal))
                    continue
                messages = result.get("messages") if isinstance(result, dict) else None
                self.assertTrue(messages, "it went through")
                self.assertIn("plan Starter", messages[0]["message"])
        self.use(1)
        for name, door in doors.items():
            with self.subTest(f"{name} when there is room"):
                door()

    def test_what_needs_no_room_works(self):
        attachment = self.upload()
        self.use(11)
        attachment.with_user(self.admin).write({"name": "b.txt"})
        self.env["ir.attachment"].with_user(self.admin).create({"name": "A link", "type": "url", "url": "/a"})
        attachment.with_user(self.admin).write({"raw": b""})
        attachment.with_user(self.admin).unlink()
        self.assertFalse(attachment.exists())

    def test_deleting_gives_the_space_back(self):
        cron = self.env.ref("saas_tenant.ir_cron_free_storage")
        triggers = self.env["ir.cron.trigger"].sudo()
        for used, count in ((5, 0), (9, 1)):
            attachments = self.upload() | self.upload(1001)
            self.use(used)
            for attachment in attachments:
                attachment.with_user(self.admin).unlink()
            self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), count)

    def test_assets_and_scheduled_actions_work(self):
        self.use(11)
        system = self.env["ir.attachment"].with_user(self.env.ref("base.user_root"))
        self.assertTrue(system.create({"name": "web.assets.css", "raw": b"a { color: red }"}))
        cron = self.env.ref("saas_tenant.ir_cron_free_storage")
        # What Odoo does around an action (it commits, and rolls back) is not for a test.
        [stock] = [each for each in type(cron).__mro__ if each.__module__ == BASE_CRON and "_callback" in vars(each)]
        with patch.object(stock, "_callback", lambda *args: self.upload()):
            self.assertTrue(cron._callback("Fetch", cron.ir_actions_server_id.id))
        with self.assertRefused():
            self.upload()

    def test_documents_that_odoo_makes_are_kept(self):
        self.use(11)
        values = {"name": "a.pdf", "raw": b"%PDF-1.4 of mine"}
        with self.assertRefused():
            self.env["ir.attachment"].with_user(self.admin).create(values)
        report = self.env.ref("base.ir_module_reference_print").with_user(self.admin)
        Report = self.env.registry["ir.actions.report"]
        with (
            patch.object(Report, "get_wkhtmltopdf_state", lambda *args: "ok"),
            patch.object(Report, "_run_wkhtmltopdf", lambda *args, **kwargs: b"%PDF-1.4"),
        ):
            report.with_context(force_report_rendering=True)._render_qweb_pdf(
                report.id, self.env.ref("base.module_base").ids
            )
        # An app keeps what it was given, as invoices do.
        self.assertTrue(self.env["ir.attachment"].with_user(self.admin).sudo().create(values))
        with self.assertRefused():
            self.upload()

    def test_a_picture_that_odoo_draws_is_kept(self):
        self.use(11)
        partner = self.env["res.partner"].create({"name": "Jane"})
        picture = partner._avatar_generate_svg()
        self.assertTrue(self.upload(raw=base64.b64decode(picture)))

    def test_mail_that_arrives_is_kept(self):
        self.use(11)
        partner = self.env["res.partner"].create({"name": "Jane"})
        threads = self.env["mail.thread"].with_user(self.admin)
        threads.message_process("res.partner", MAIL.format(content="a" * 100), thread_id=partner.id)
        [attachment] = partner.message_ids.attachment_ids
        self.assertEqual(attachment.raw.strip(), b"a" * 100)
        with self.assertRefused():
            self.upload()

    def test_strangers_are_not_told_about_the_plan(self):
        self.use(11)
        for user in (self.env.ref("base.public_user"), new_test_user(self.env, "portal", groups="base.group_portal")):
            with self.assertRaises(UserError) as refused:
                self.env["ir.attachment"].with_user(user).sudo().create({"name": "a", "raw": b"a"})
            self.assertIn("at the moment", str(refused.exception))
            self.assertNotIn("plan", str(refused.exception))


@tagged("post_install", "-at_install")
class TestUploads(StorageCase, HttpCase):
    """The two uploads that the web client uses, which answer with what they then show."""

    def _post(self, path, **data):
        data["csrf_token"] = "unused"
        with patch("odoo.http.Request.validate_csrf", lambda *args: True):
            return self.url_open(path, data=data, files={"ufile": ("a.txt", b"content", "text/plain")})

    def setUp(self):
        super().setUp()
        self.user = mail_new_test_user(self.env, "uploader", groups="base.group_user,base.group_partner_manager")
        self.partner = self.env["res.partner"].create({"name": "Jane"})
        self.authenticate("uploader", "uploader")

    def _upload(self):
        answer = self._post("/web/binary/upload_attachment", model="res.partner", id=self.partner.id)
        [file] = answer.json()
        return file

    def _chatter_upload(self):
        ids = {"thread_model": "res.partner", "thread_id": self.partner.id}
        return self._post("/mail/attachment/upload", **ids).json()

    def test_refused_in_words(self):
        self.assertIn("id", self._upload())
        self.assertNotIn("error", self._chatter_upload())
        self.use(11)
        for answer in (self._upload(), self._chatter_upload()):
            self.assertIn("the plan Starter has 10 MB", str(answer["error"]))
        self.use(1)
        self.assertIn("id", self._upload())
