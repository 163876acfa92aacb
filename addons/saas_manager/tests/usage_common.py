from datetime import date, timedelta
from unittest.mock import patch

from odoo.addons.saas_manager.saas_engine import usage

from .common import SaasCase

TODAY = date(2026, 3, 10)


class FakeMeter:
    """Answers in place of PostgreSQL: what a test says of each instance, by subdomain."""

    def __init__(self):
        self.today = TODAY
        self.counted, self.active, self.present, self.errors = {}, {}, {}, {}
        self.asked = []

    def look_at(self, spec, since):
        self.asked.append((spec.subdomain, since))
        error, name = self.errors.get(spec.subdomain), spec.subdomain
        if error and not isinstance(error, usage.EngineError):
            raise error
        present = {"database_mb": 30.0, "files_mb": 10.0, "storage_mb": 40.0, "users": 3, "is_measured": True}
        present = {"database_mb": 30.0} if error else {**present, **self.present.get(name, {})}
        active = {} if error else self.active.get(name, {})
        return usage.Reading(usage.by_day(since, self.today, self.counted.get(name, {}), active, present), error)


class UsageCase(SaasCase):
    """An active instance, and a meter that says what a test wants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._activate(cls.instance)
        cls.other = cls._activate(cls._create_instance("other"))
        cls.Usage = cls.env["saas.usage"]

    def setUp(self):
        super().setUp()
        self.meter, self.forgotten = FakeMeter(), {}
        registry = self.env.registry
        for model, method, double in (
            ("saas.instance", "_get_usage_meter", lambda records, today: self.meter),
            ("saas.usage", "_today", lambda model: self.meter.today),
        ):
            self.startPatcher(patch.object(registry[model], method, double))
        self.startPatcher(patch.object(usage, "forget", lambda cluster, days: self.forgotten.update(days) or len(days)))

    def _measure(self, instances=None, day=None, attempt=1):
        """Do what the jobs of one day do."""
        self.meter.today = day or self.meter.today
        ids = (instances or self.instance | self.other).ids
        result = self.Usage._job_measure("saas.instance", ids, attempt)
        self.env["saas.usage.rule"]._job_evaluate("saas.instance", ids)
        return result

    def _rows(self, instance=None):
        return self.Usage.search([("instance_id", "=", (instance or self.instance).id)], order="day")

    def _day(self, ago):
        return self.meter.today - timedelta(days=ago)

    def _unknown(self, row, *names):
        """Tell whether figures of a row are empty, which Odoo shows as 0."""
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM saas_usage WHERE id = %s", [row.id])
        values = self.env.cr.dictfetchone()
        return [name for name in names if values[name] is None]
