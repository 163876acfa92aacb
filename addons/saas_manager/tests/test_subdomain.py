from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger

from .common import SaasCase

REFUSED = {
    "empty": "",
    "blank": "   ",
    "too short": "ab",
    "64 characters": "a" * 64,
    "leading dash": "-acme",
    "trailing dash": "acme-",
    "digits only": "12345",
    "dots": "acme.shop",
    "umlaut": "müller",
    "cyrillic a": "\u0430cme",
    "punycode": "xn--mller-kva",
    "underscore": "tpl_blank",
    "www": "www",
    "admin": "admin",
    "api": "api",
    "mail": "mail",
    "manager": "manager",
    "postgres": "postgres",
    "template1": "template1",
    "sql": "acme; drop database manager",
    "quote": "acme'--",
    "double quote": 'acme"',
    "path": "../../etc",
    "shell": "acme$(reboot)",
    "newline": "acme\nevil",
    "null byte": "acme\0x",
}


@tagged("post_install", "-at_install")
class TestSubdomain(SaasCase, TransactionCase):
    def test_refused(self):
        before = self.env["saas.instance"].search_count([])
        for label, subdomain in REFUSED.items():
            with self.subTest(label), self.assertRaises(ValidationError), self.cr.savepoint():
                self._create_instance(subdomain)
        self.assertEqual(self.env["saas.instance"].search_count([]), before)

    def test_accepted(self):
        for subdomain in ("abc", "acme-2", "2fast", "a" * 63):
            with self.subTest(subdomain):
                self.assertEqual(self._create_instance(subdomain).subdomain, subdomain)

    def test_case_is_folded(self):
        self.assertEqual(self._create_instance(" BigCorp ").subdomain, "bigcorp")

    def test_taken(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self._create_instance("acme")

    def test_taken_in_another_case(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self._create_instance("ACME")

    def test_free_again_after_termination(self):
        self.instance._write_protected({"state": "terminated"})
        self.env.flush_all()
        self.assertTrue(self._create_instance("acme"))

    def test_hint_while_typing(self):
        with Form(self.env["saas.instance"]) as form:
            form.name = "New"
            form.partner_id = self.customer
            form.subdomain = "acme"
            self.assertFalse(form.is_subdomain_free)
            self.assertIn("taken", form.subdomain_hint)
            form.subdomain = "www"
            self.assertIn("reserved", form.subdomain_hint)
            form.subdomain = "Fresh"
            self.assertEqual(form.subdomain, "fresh")
            self.assertTrue(form.is_subdomain_free)

    def test_url(self):
        self.env.ref("saas_manager.server_local").base_domain = "example.com"
        self.instance.server_id = self.env.ref("saas_manager.server_local")
        self.assertIn("://acme.example.com", self.instance.url)
