from odoo.tests import tagged

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .common import MailCase


@tagged("post_install", "-at_install")
class TestMailLimits(MailCase):
    def test_without_a_gateway_nobody_counts(self):
        self.assertEqual(self.send(auto_delete=False).state, "sent")

    def test_what_is_over_the_limit_waits_with_a_reason(self):
        gateway = self.serve(max_mails_hour=2)
        sent = [self.send(auto_delete=False) for _ in range(2)]
        self.assertEqual([mail.state for mail in sent], ["sent", "sent"])
        waiting = self.send(auto_delete=True)
        self.assertFalse(self.emails)
        self.assertEqual(waiting.state, "outgoing")
        self.assertIn("2 mails an hour", waiting.failure_reason)
        gateway.limits["max_mails_hour"] = 3
        with self.mock_smtplib_connection():
            waiting.with_context(filters=[("id", "=", waiting.id)]).process_email_queue()
        self.assertEqual(len(self.emails), 1)
        self.assertFalse(waiting.exists())

    def test_counts_each_recipient(self):
        gateway = self.serve(max_mails_day=10)
        partners = self.env["res.partner"].create([{"name": n, "email": f"{n}@example.net"} for n in "abc"])
        self.send(email_to="x@example.net, y@example.net", email_cc="z@example.net", recipient_ids=partners.ids)
        self.assertEqual(gateway.sent, 6)
        self.assertEqual(len(self.emails), 4)
        mail = self.send(email_to="1@example.net, 2@example.net", recipient_ids=partners.ids)
        self.assertEqual((mail.state, gateway.sent, self.emails), ("outgoing", 6, []))
        self.assertIn("24 hours", mail.failure_reason)

    def test_a_mail_that_can_never_go_says_so(self):
        self.serve(max_mails_hour=1)
        mail = self.send(email_to="1@example.net, 2@example.net")
        self.assertIn("2 recipients", mail.failure_reason)

    def test_an_earlier_small_mail_does_not_wait_for_a_large_one(self):
        self.serve(max_mails_hour=2)
        values = {"email_from": "jane@example.org", "body_html": "<p>Hello</p>", "auto_delete": False}
        large, small = self.env["mail.mail"].create(
            [
                {**values, "email_to": "1@example.net, 2@example.net, 3@example.net"},
                {**values, "email_to": "1@example.net"},
            ]
        )
        with self.mock_smtplib_connection():
            (large | small).send()
        self.assertEqual((large.state, small.state), ("outgoing", "sent"))

    def test_nothing_leaves_uncounted(self):
        gateway = self.serve()
        gateway.is_away = True
        mail = self.send()
        self.assertEqual((mail.state, self.emails), ("outgoing", []))
        self.assertIn("could not count", mail.failure_reason)

    def test_a_mail_beside_the_queue_is_counted_too(self):
        gateway = self.serve(max_mails_hour=1)
        servers = self.env["ir.mail_server"].with_context(saas_mails_counted=True)
        with self.mock_smtplib_connection():
            servers.send_email(self._build_email("jane@example.org", email_to="x@example.net"))
            with self.assertRaises(MailDeliveryException) as refused:
                servers.send_email(self._build_email("jane@example.org", email_to="x@example.net"))
        self.assertIn("1 mails an hour", str(refused.exception.args))
        self.assertEqual((gateway.sent, len(self.emails)), (1, 1))

    def test_administrators_hear_of_it_once(self):
        self.serve(max_mails_hour=1)
        waiting = self.send(email_to="1@example.net, 2@example.net")
        self.env.cr.precommit.run()
        domain = [("message", "like", "Mails are waiting")]
        before = self.env["bus.bus"].search_count(domain)
        self.assertTrue(before)
        with self.mock_smtplib_connection():
            waiting.send()
        self.env.cr.precommit.run()
        self.assertEqual(self.env["bus.bus"].search_count(domain), before)
