import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import split_every
from odoo.tools.misc import formatLang

from ..saas_engine import levels, measure
from .saas_instance_suspension import PUBLISHED_STATES

_logger = logging.getLogger(__name__)
BATCH = 100
SECONDS_UNTIL_RETRY = 60
MEGABYTE = 2**20
# A little less than the time between two looks at the clock, so that none is missed by a second.
EACH = timedelta(minutes=55)
EACH_WHEN_NEARLY_FULL = timedelta(minutes=9)


class SaasInstanceUse(models.Model):
    """What an instance uses, as it was measured last. Measured by jobs, never while somebody waits for a page.

    A job measures first and writes then, so that it holds no record while it walks through folders. One instance that
    can't be measured is reported and stops nobody else.
    """

    _inherit = "saas.instance"

    storage_used_mb = fields.Float(
        "Storage Used (MB)", digits=(16, 1), readonly=True, copy=False, help="Database and files together."
    )
    storage_limit_mb = fields.Integer(
        "Storage Limit (MB)", compute="_compute_storage_limit_mb", store=True, help="0: unlimited"
    )
    storage_percent = fields.Float(
        "Storage (%)", digits=(16, 1), compute="_compute_storage_percent", store=True, aggregator="avg"
    )
    storage_label = fields.Char("Storage", compute="_compute_storage_label")
    users_used = fields.Integer(
        "Internal Users",
        readonly=True,
        copy=False,
        help="Those that are not archived. People of the portal don't count.",
    )
    measured_at = fields.Datetime("Measured", readonly=True, copy=False)
    use_problem = fields.Char(
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
        help="Why its use could not be looked at last time.",
    )

    # === COMPUTES === #

    @api.depends("plan_id.max_storage_gb", "subscription_id.line_ids.kind", "subscription_id.line_ids.quantity")
    def _compute_storage_limit_mb(self):
        for instance in self:
            instance.storage_limit_mb = instance._prepare_limits()["max_storage_mb"] if instance.plan_id else 0

    @api.depends("storage_used_mb", "storage_limit_mb")
    def _compute_storage_percent(self):
        for instance in self:
            limit = instance.storage_limit_mb
            instance.storage_percent = 100 * instance.storage_used_mb / limit if limit else 0

    @api.depends("storage_used_mb", "storage_limit_mb", "measured_at")
    @api.depends_context("lang")
    def _compute_storage_label(self):
        for instance in self:
            instance.storage_label = instance._get_storage_label() if instance.measured_at else False

    def _get_storage_label(self):
        used = self._format_size(self.storage_used_mb)
        if not self.storage_limit_mb:
            return self.env._("%(used)s, without a limit", used=used)
        return self.env._("%(used)s of %(limit)s", used=used, limit=self._format_size(self.storage_limit_mb))

    @api.model
    def _format_size(self, megabytes):
        """Return a size for people."""
        if megabytes < 1000:
            return self.env._("%(size)s MB", size=formatLang(self.env, megabytes, digits=0))
        return self.env._("%(size)s GB", size=formatLang(self.env, megabytes / 1024, digits=1))

    # === MEASURING === #

    @api.model
    def _cron_measure_use(self):
        """Measure what was not measured for an hour; what is nearly full every ten minutes."""
        self.search(self._get_measure_domain())._queue_use("_job_measure_use")

    @api.model
    def _get_measure_domain(self):
        """Return which instances are to be measured now."""
        now = fields.Datetime.now()
        return [
            ("state", "in", list(PUBLISHED_STATES)),
            *("|", ("measured_at", "=", False)),
            *("|", ("measured_at", "<=", now - EACH)),
            *("|", ("measured_at", ">", now)),  # before the clock was set back
            *("&", ("storage_percent", ">=", levels.NEAR), ("measured_at", "<=", now - EACH_WHEN_NEARLY_FULL)),
        ]

    def action_measure_use(self):
        """Measure now, in the background."""
        self.check_access("write")
        self._queue_use("_job_measure_use")
        return True

    def _queue_use(self, method, **options):
        """Queue jobs for these instances, for each server in batches.

        :param str method: a method of this model that takes a list of ids
        :param options: of queue_job
        """
        for instances in self.sudo().grouped("server_id").values():
            for ids in split_every(BATCH, sorted(instances.ids), list):
                key = f"{self._name}:{method}:{','.join(map(str, ids))}"
                label = self._get_job_label(method)
                getattr(self.sudo().browse().with_delay(identity_key=key, description=label, **options), method)(ids)

    @api.model
    def _job_measure_use(self, ids):
        """Measure a batch of instances of one server, and tell what follows from it.

        :param list ids: of instances
        """
        instances = self.browse(ids).exists().filtered(lambda each: each.state in PUBLISHED_STATES)
        sizes = instances._get_database_sizes()
        uses = {each: each._measure_use(sizes.get(each.subdomain)) for each in instances}
        return self._run_batch("_job_measure_use", uses, lambda each: each._run_safely("_keep_use", uses[each]))

    def _get_database_sizes(self):
        """Return the size of each instance's database by its name, with one query for a server."""
        sizes = {}
        for server, placed in self.grouped("server_id").items():
            with self._engine_errors_as_job_errors():
                sizes |= measure.database_sizes(server._get_cluster(), placed.mapped("subdomain"))
        return sizes

    def _measure_use(self, database_size):
        """Return what one instance uses, without writing anything: values of fields, and `error`.

        :param int database_size: in bytes; None if there is no such database
        """
        self.ensure_one()
        # The time before: what is stored meanwhile is counted twice by the tenant rather than not at all.
        use = {"measured_at": fields.Datetime.now()}
        try:
            provisioner = self._get_provisioner()
            files = measure.files(provisioner.runtime.filestore(self.subdomain))
            if database_size is not None:
                use["storage_used_mb"] = round((database_size + files) / MEGABYTE, 1)
            # Last, because a tenant can break it: its own storage is measured all the same.
            with provisioner.connect(self._prepare_tenant_spec()) as connection:
                use["users_used"] = measure.internal_users(connection)
        except Exception as error:  # a tenant's database may do anything; the next one must not suffer from it
            _logger.exception("instance %s: its use was not measured", self.id)
            use["error"] = str(error) or repr(error)
        return use

    def _keep_use(self, use):
        """Write down what was measured, and react to it.

        :param dict use: what `_measure_use` returned
        """
        values = {name: value for name, value in use.items() if name != "error"}
        if "storage_used_mb" in values:
            self._write_protected(values)
            self._check_limits()
        if use.get("error"):
            self._report_problem(self.env._("Its use was not measured: %(error)s", error=use["error"]))

    @api.model
    def _run_batch(self, method, instances, task):
        """Do something to each instance of a batch on its own, and publish what there is to tell.

        :param str method: the job, for those that somebody else is at work on
        :param instances: recordset, or anything that gives single records
        :param task: called with a record; returns whether it went well
        """
        done, failed, busy = self.browse(), self.browse(), self.browse()
        for instance in instances:
            try:
                if task(instance):
                    done |= instance
                else:
                    failed |= instance
            except psycopg2.OperationalError:
                busy |= instance
        busy._queue_use(method, eta=SECONDS_UNTIL_RETRY)
        done._publish_notices_now()
        return self.env._(
            "%(count)s looked at, %(failed)s failed, %(busy)s later.",
            count=len(done | failed | busy),
            failed=len(failed),
            busy=len(busy),
        )

    def _keep_problem(self, message):
        """Override of `_keep_problem` to keep it beside the use."""
        if self.use_problem or message:
            self._write_protected({"use_problem": message})

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of this file."""
        labels = {
            "_job_measure_use": self.env._("Measure what instances use"),
            "_job_check_limits": self.env._("Compare what instances use with their limits"),
            "_job_publish_notices": self.env._("Publish what administrators are told"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)
