from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.saas_tenant import mail_identity

from .common import MailCase

HOST, NEIGHBOUR = "acme.example.com", "beta.example.com"


@tagged("post_install", "-at_install")
class TestMailIdentity(MailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.alias.domain"].search([]).unlink()
        cls.domain = cls.env["mail.alias.domain"].create({"name": HOST})
        cls.env["res.company"].search([]).alias_domain_id = cls.domain
        cls.env["ir.config_parameter"].set_param("mail.default.from_filter", HOST)
        cls.env["ir.mail_server"].search([]).active = False

    def assertSent(self, envelope, header):
        [mail] = self.emails
        self.assertEqual((mail["smtp_from"], mail["msg_from"]), (envelope, header))
        return mail

    def test_a_user_with_an_address_elsewhere(self):
        self.serve(hosts=(HOST,))
        self.send(email_from='"Jane Doe" <jane@gmail.example>')
        mail = self.assertSent(f"bounce@{HOST}", f"Jane Doe <notifications@{HOST}>")
        self.assertNotIn("From: Jane Doe <jane@gmail.example>", mail["message"])

    def test_an_address_of_its_own_stays(self):
        self.serve(hosts=(HOST,))
        self.send(email_from=f"Sales <sales@{HOST}>")
        self.assertSent(f"bounce@{HOST}", f"Sales <sales@{HOST}>")

    def test_a_neighbours_name_is_out_of_reach(self):
        self.serve(hosts=(HOST,))
        self.domain.write({"name": NEIGHBOUR, "default_from": f"ceo@{NEIGHBOUR}"})
        self.env["ir.config_parameter"].set_param("mail.default.from_filter", NEIGHBOUR)
        headers = {"Return-Path": f"x@{NEIGHBOUR}", "Sender": f"ceo@{NEIGHBOUR}"}
        self.send(email_from=f'"Boss" <ceo@{NEIGHBOUR}>', headers=repr(headers))
        mail = self.assertSent(f"bounce@{HOST}", f"Boss <notifications@{HOST}>")
        senders = [line for line in mail["message"].splitlines() if line.startswith(("Sender", "From", "Return-Path"))]
        self.assertTrue(senders)
        self.assertFalse([line for line in senders if NEIGHBOUR in line])

    def test_two_addresses_in_one_header(self):
        self.serve(hosts=(HOST,))
        message = self._build_email(f"a@{HOST}, ceo@{NEIGHBOUR}", email_to="x@example.net")
        with self.mock_smtplib_connection():
            self.env["ir.mail_server"].send_email(message)
        self.assertNotIn(NEIGHBOUR, self.emails[0]["msg_from"] + self.emails[0]["smtp_from"])

    def test_a_mail_server_record_does_not_help(self):
        """Of the kind that uses the service's own relay and password."""
        self.serve(hosts=(HOST,))
        server = self.env["ir.mail_server"].create(
            {"name": "Mine", "smtp_authentication": "cli", "from_filter": NEIGHBOUR, "smtp_host": "localhost"}
        )
        self.send(email_from=f"ceo@{NEIGHBOUR}", mail_server_id=server.id)
        self.assertSent(f"bounce@{HOST}", f"ceo <notifications@{HOST}>")

    def test_a_host_of_its_own_domain(self):
        self.serve(hosts=(HOST, "www.acme.example"))
        self.env["ir.config_parameter"].set_param("mail.default.from_filter", f"{HOST},www.acme.example")
        self.send(email_from="jane@www.acme.example")
        self.assertEqual(self.emails[0]["msg_from"], "jane@www.acme.example")

    def test_without_a_gateway_stock_odoo_decides(self):
        self.env["ir.config_parameter"].set_param("mail.default.from_filter", False)
        self.send(email_from="jane@gmail.example")
        self.assertEqual(self.emails[0]["msg_from"], "jane@gmail.example")

    def test_which_session_is_the_shared_relay(self):
        def session(peer):
            sock = SimpleNamespace(getpeername=lambda: (peer, 25))
            return SimpleNamespace(sock=sock)

        relay = patch.object(mail_identity, "_relay_addresses", lambda: {mail_identity._address("9.9.9.9")})
        with relay:
            for peer in ("127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1", "9.9.9.9"):
                with self.subTest(peer):
                    self.assertTrue(mail_identity.is_shared(session(peer)))
            for peer in ("8.8.8.8", "2001:4860:4860::8888"):
                with self.subTest(peer):
                    self.assertFalse(mail_identity.is_shared(session(peer)))
        self.assertTrue(mail_identity.is_shared(None))

    def test_a_server_of_its_own_decides_itself(self):
        self.serve(hosts=(HOST,))
        with patch.object(mail_identity, "is_shared", lambda session: False):
            self.env["ir.config_parameter"].set_param("mail.default.from_filter", "gmail.example")
            self.send(email_from="jane@gmail.example")
        self.assertEqual(self.emails[0]["msg_from"], "jane@gmail.example")
