import logging
from datetime import UTC, datetime

import psycopg2

from odoo import api, models
from odoo.tools import split_every

from ..saas_engine.errors import RetryableError

_logger = logging.getLogger(__name__)
BATCH = 50
ATTEMPTS = 3
SECONDS_UNTIL_RETRY = 600


class SaasUsageCron(models.Model):
    """The daily look at all tenants. It loads no tenant's Odoo: the engine asks the cluster and, by SQL, the tenants.

    The cron queues jobs for batches; in them each resource has a savepoint. One that is broken is reported and stops
    nobody else. Days that were missed are caught up: each gets what can still be known of it.
    """

    _inherit = "saas.usage"

    @api.model
    def _today(self):
        """Return the day that is counted now, of UTC."""
        return datetime.now(UTC).date()

    @api.model
    def _cron_usage(self):
        """Measure everything that is published. Run again on the same day, it brings that day up to date."""
        for model in self._get_resource_fields():
            for batch in self.env[model]._get_usage_batches():
                for ids in split_every(BATCH, batch.ids, list):
                    self._queue_measuring(model, ids)
        self.env["saas.usage.alert"]._end_of_unmeasured()

    @api.model
    def _queue_measuring(self, model, ids, attempt=1, **options):
        """Queue a job that measures some resources, which belong to one batch of their model."""
        description = self.env._("Measure the usage of a day")
        key = f"{self._name}:{model}:{','.join(map(str, ids))}:{attempt}"
        self.browse().with_delay(identity_key=key, description=description, **options)._job_measure(model, ids, attempt)

    @api.model
    def _job_measure(self, model, ids, attempt=1):
        """Measure some resources and write it down, each on its own; then look whether alert rules match.

        :param str model: a key of `_get_resource_fields`
        :param list ids: of its records, which `_get_usage_batches` has put together
        :param int attempt: which one this is; what time can heal is reported after the last
        """
        resources, later, failed = self.env[model].browse(ids).exists(), [], 0
        since = self._get_last_days(resources)
        with self.env["saas.job.mixin"]._engine_errors_as_job_errors():
            meter = resources._get_usage_meter(self._today())
        for resource in resources:
            try:
                error = resource._measure_safely(meter, since.get(resource.id))
            except psycopg2.OperationalError as busy:  # somebody else writes to the same record at this moment
                error = RetryableError(str(busy))
            if isinstance(error, RetryableError) and attempt < ATTEMPTS:
                later.append(resource.id)
            else:
                failed += bool(error)
                resource._report_usage_error(error)
        self._queue_after_measuring(model, ids, later, attempt)
        return self.env._(
            "%(count)s measured, %(failed)s failed, %(later)s again later.",
            count=len(resources) - failed - len(later),
            failed=failed,
            later=len(later),
        )

    @api.model
    def _queue_after_measuring(self, model, ids, later, attempt):
        """Queue what follows: they see what this transaction has written, or nothing of it if it fails."""
        if later:
            self._queue_measuring(model, later, attempt + 1, eta=SECONDS_UNTIL_RETRY)
        key = f"{self._name}:{model}:{','.join(map(str, ids))}"
        label = self.env._("Look at the usage for alerts")
        self.env["saas.usage.rule"].browse().with_delay(identity_key=f"rules:{key}", description=label)._job_evaluate(
            model, ids
        )
        label = self.env._("Delete counters that were taken over")
        self.browse().with_delay(identity_key=f"forget:{key}", description=label)._job_forget(model, ids)

    @api.model
    def _job_forget(self, model, ids):
        """Delete what gateways have counted on days that are written down here for good.

        A job of its own: what the measuring has written is sure to be there.
        """
        resources = self.env[model].browse(ids).exists()
        complete = self._get_last_days(resources, [("is_complete", "=", True)])
        with self.env["saas.job.mixin"]._engine_errors_as_job_errors():
            count = resources._forget_usage_counters(complete, self._today())
        return self.env._("%(count)s hours deleted.", count=count)

    @api.model
    def _get_last_days(self, resources, domain=()):
        """Return the newest day of each resource that has one: id -> day."""
        field = self._get_resource_fields()[resources._name]
        groups = self._read_group([(field, "in", resources.ids), *domain], [field], ["day:max"])
        return {resource.id: day for resource, day in groups}
