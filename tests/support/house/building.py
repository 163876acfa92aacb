"""A PostgreSQL of its own with many tenants, and the one service that serves them all."""

import contextlib
import random
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import psycopg2
from saas_engine.personalise import SPREAD_CRONS

from .. import gateway_service, gateway_template, postgres
from ..odoo_home import ROOT

SERVICES = "tpl_services_v1"
VERTICALS = ROOT / "addons" / "saas_manager" / "data" / "saas_vertical_data.xml"


class House:
    """Tenants are made when they are first needed, and stay.

    :param gateway_service.Stack stack: its cluster, whose template is there
    :param int count: how many small tenants are wanted
    :ivar list tenants: of the small template
    :ivar list clone_seconds: of each of them, in the order of their making
    """

    def __init__(self, stack, count, say=lambda text: None):
        self.stack, self.count, self.say = stack, count, say
        self.tenants, self.clone_seconds = [], []

    def fill(self):
        """Make the small tenants that are missing; return all."""
        for number in range(len(self.tenants), self.count):
            start = time.monotonic()
            self.tenants.append(self._move_in(f"t{number:03d}"))
            self.clone_seconds.append(time.monotonic() - start)
            if number % 50 == 49:
                self.say(f"{number + 1} tenants, the last one in {self.clone_seconds[-1]:.2f} s")
        return self.tenants

    def fill_with_services(self, count):
        """Make so many tenants with the apps of the vertical Services; return them."""
        gateway_template.prepare(self.stack, SERVICES, f"{_modules('services')},saas_tenant")
        return [self._move_in(f"s{number:03d}", SERVICES) for number in range(count)]

    def _move_in(self, name, template=gateway_template.TEMPLATE):
        """Make one tenant; its scheduled actions get times of their own, as the manager gives them."""
        tenant = self.stack.create_tenant(name, template=template)
        spread = {"offset": random.random(), "hour": random.randrange(1, 24)}  # noqa: S311 - no secret
        tenant.sql(SPREAD_CRONS, spread)
        return tenant

    def superuser(self, statement):
        """Run one statement as PostgreSQL's superuser, outside of a transaction; return the rows, if any."""
        server = self.stack.server
        login = {"host": server.host, "port": server.port, "dbname": "postgres", "user": "postgres"}
        with contextlib.closing(psycopg2.connect(password=postgres.SUPERUSER_PASSWORD, **login)) as connection:
            connection.autocommit = True
            with connection.cursor() as cr:
                cr.execute(statement)
                return cr.fetchall() if cr.description else []

    @contextlib.contextmanager
    def serving(self, workers, cron_workers, *arguments):
        """Run the tenant service with so many processes; give the parent."""
        processes = (f"--workers={workers}", f"--max-cron-threads={cron_workers}")
        with self.stack.serve(*processes, *arguments) as process:
            yield process

    def forget_crons(self):
        """Let no tenant be due at once: what a new one is, so that it is looked at. Visits under way end unnoticed."""
        later = "due = now() + interval '30 min', rest_until = now(), last_seconds = 0"
        self.stack.gateway_sql(f"UPDATE saas.cron SET {later}")

    def withdraw(self):
        """Take the small tenants out of the directory; their databases stay."""
        for tenant in self.tenants:
            self.stack.directory.withdraw(tenant.key)


@contextlib.contextmanager
def house(count, options, sizes=gateway_service.SIZES, place=None, say=lambda text: None):
    """Give a House with a PostgreSQL of its own; all of it is removed in the end.

    :param dict options: settings of PostgreSQL
    :param sizing.Sizes sizes: of the tenant service
    :param Path place: the folder for its data
    :param say: is told how far it is, in words
    """
    versions = postgres.installed()
    with (
        postgres.server(versions[max(versions)], options, place) as server,
        tempfile.TemporaryDirectory(prefix="saas-house-", dir=place) as folder,
    ):
        stack = gateway_service.Stack(server, Path(folder), sizes)
        stack.prepare_template()
        yield House(stack, count, say)


def _modules(code):
    """Return the apps of a vertical as the manager's data name them, separated by commas."""
    for record in ElementTree.parse(VERTICALS).iter("record"):  # noqa: S314 - a file of ours
        fields = {field.get("name"): field.text for field in record.iter("field")}
        if fields.get("code") == code:
            return fields["modules"]
    raise LookupError(code)
