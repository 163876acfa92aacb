"""Who is in the full demo: invented companies, each in a state that a real business would have them in."""

from dataclasses import dataclass

from stack.full_demo_contracts import CONTRACTS

# A template that names a module which this Odoo does not have, as after a clean-up of addons: its build fails.
BROKEN_TEMPLATE = {
    "name": "Repair Shop",
    "code": "repair_shop",
    "lang": "en_US",
    "description": "Jobs, spare parts and customers of a workshop.",
    "modules": "base,web,contacts,repair_workshop",
    "sequence": 50,
}


LEGAL_FORMS = {"AG", "AS", "B.V.", "GmbH", "Inc.", "K.K.", "Ltd", "Ltda.", "Oy", "S.L.", "S.r.l.", "SARL"}


@dataclass(frozen=True)
class Customer:
    """One customer and what becomes of the instance.

    :param str state: where the instance ends
    :param float days: how long ago it was requested
    :param float end_days: how long ago it was suspended or terminated
    :param int visits: how often its first page is asked for, so that it has figures
    :param bool consent: support may sign in
    :param tuple companies: further ones, as (name, country, emails)
    :param str country_of_books: asks for a template of this country, in English; one that is not there is built first
    """

    name: str
    subdomain: str
    city: str
    country: str
    person: str
    plan: str = "starter"
    template: str = "blank"
    state: str = "active"
    days: float = 0
    end_days: float = 0
    visits: int = 0
    consent: bool = False
    companies: tuple = ()
    country_of_books: str = ""

    @property
    def title(self):
        """What people call the company: its name without the legal form."""
        name, _blank, form = self.name.rpartition(" ")
        return name if form in LEGAL_FORMS else self.name

    @property
    def way(self):
        """The states from the instance's beginning to its end: those behind the first are its contract's doing."""
        ways = {"suspended": ("active",), "terminating": ("active",), "terminated": ("active", "terminating")}
        return (*ways.get(self.state, ()), self.state)

    @property
    def contract(self):
        return CONTRACTS[self.subdomain]

    @property
    def email(self):
        return f"{self.person.split()[0].lower()}@{self.subdomain}.example"


# In the order of their first day: the newest record stands first in every list.
CUSTOMERS = (
    Customer(
        "Kestrel Bikes Ltd", "kestrel-bikes", "Bristol", "GB", "Harriet Cole", "professional", days=74.2, visits=60
    ),
    Customer("Bäckerei Morgenrot GmbH", "morgenrot", "Leipzig", "DE", "Jonas Richter", days=66.4, visits=25),
    Customer(
        "Atelier Clairval SARL", "clairval", "Lyon", "FR", "Camille Moreau", "professional", days=58.1, consent=True
    ),
    Customer(
        *("Olivar del Valle S.L.", "olivar-del-valle", "Jaén", "ES", "Lucía Ortega"),
        **{"state": "terminated", "days": 55.3, "end_days": 21.2},
    ),
    Customer(
        *("Fjordlys Kaffe AS", "fjordlys", "Bergen", "NO", "Sindre Aas"),
        **{"state": "suspended", "days": 47.2, "end_days": 5.1, "visits": 10},
    ),
    Customer(
        *("Quillon Robotics Inc.", "quillon", "Austin", "US", "Dana Whitfield", "enterprise"),
        **{"days": 40.4, "visits": 90},
        companies=(
            ("Quillon Robotics Europe GmbH", "DE", "lena@quillon.example, marek@quillon.example"),
            ("Quillon Robotics Japan K.K.", "JP", "aiko@quillon.example"),
        ),
    ),
    Customer(
        "Mercado Verde Ltda.", "mercado-verde", "Curitiba", "BR", "Thiago Nunes", "professional", days=33.3, visits=30
    ),
    Customer(
        *("Tindari Ceramiche S.r.l.", "tindari", "Messina", "IT", "Elena Russo"),
        **{"state": "terminating", "days": 30.2, "end_days": 9.4},
    ),
    Customer(
        "Maple Hollow Press", "maple-hollow", "Halifax", "CA", "Owen Fraser", "professional", days=19.1, visits=40
    ),
    Customer("Hoshino Tea K.K.", "hoshino", "Uji", "JP", "Aki Hoshino", days=16.3, visits=15),
    Customer(
        *("Polder & Zonen B.V.", "polder", "Utrecht", "NL", "Sanne de Wit", "enterprise"),
        **{"days": 10.2, "visits": 70, "consent": True},
    ),
    Customer("Rokka Design Oy", "rokka", "Turku", "FI", "Eero Salo", days=8.4, visits=20),
    Customer("Sunbird Safaris", "sunbird", "Nairobi", "KE", "Wanjiru Kamau", visits=5),
    Customer("Hotel Alpenrose AG", "alpenrose", "Chur", "CH", "Reto Caflisch", "professional", state="draft"),
    # The last one: the build of its template takes half a minute and all the machine.
    Customer(
        *("Garage Lefèvre", "garage-lefevre", "Namur", "BE", "Marc Lefèvre", "professional", "repair_shop"),
        **{"state": "failed", "country_of_books": "BE"},
    ),
)
