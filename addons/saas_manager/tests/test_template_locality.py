from odoo.tests import TransactionCase, tagged

from .common import SaasCase

VERTICALS = ("blank", "restaurant", "ecommerce", "services")


@tagged("post_install", "-at_install")
class TestTemplateLocality(SaasCase, TransactionCase):
    def test_verticals(self):
        for vertical in VERTICALS:
            template = self.env.ref(f"saas_manager.template_{vertical}")
            self.assertEqual((template.code, template.vertical), (vertical, vertical))
            self.assertTrue(template.description)
            has_invoices = "account" in template.modules.split(",")
            self.assertEqual(has_invoices, vertical != "blank")
            # What Community lacks is said where people choose.
            self.assertEqual("bookkeeping" in template.description, has_invoices)

    def test_a_country_gives_currency_time_zone_and_paper(self):
        self.template.country_id = self.env.ref("base.de")
        self.assertEqual(self.template.currency_id, self.env.ref("base.EUR"))
        self.assertEqual((self.template.tz, self.template.paper), ("Europe/Berlin", "A4"))
        self.template.country_id = self.env.ref("base.us")
        self.assertEqual(self.template.currency_id, self.env.ref("base.USD"))
        self.assertEqual((self.template.tz, self.template.paper), ("America/New_York", "Letter"))

    def test_what_a_person_chooses_stays(self):
        self.template.country_id = self.env.ref("base.ch")
        self.template.write({"currency_id": self.env.ref("base.EUR").id, "tz": "Europe/Berlin", "paper": "Letter"})
        self.template.lang = "de_CH"
        self.assertEqual(self.template.currency_id.name, "EUR")
        self.assertEqual((self.template.tz, self.template.paper), ("Europe/Berlin", "Letter"))

    def test_all_of_it_reaches_the_build(self):
        self.template.write({"country_id": self.env.ref("base.de").id, "lang": "de_DE"})
        spec = self.template._prepare_template_spec(2)
        choices = {name.removeprefix("SAAS_TEMPLATE_"): value for name, value in spec.choices.items()}
        self.assertEqual(
            choices, {"LANG": "de_DE", "COUNTRY": "DE", "CURRENCY": "EUR", "TZ": "Europe/Berlin", "PAPER": "A4"}
        )
