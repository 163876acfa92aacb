import logging
import uuid
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import SQL, mute_logger

from ..compat import Constraint
from ..saas_engine import dropping, naming
from ..saas_engine.errors import EngineError
from ..saas_engine.pool import Pool

_logger = logging.getLogger(__name__)
HOURS_BEFORE_ANOTHER_TRY = 1


class SaasPoolClone(models.Model):
    """A clone that was made before anybody asked for it.

    Its database is closed and has no role. An instance claims it at the click, in the transaction of the click, so
    that two never get the same one; from then on the engine gives it the instance's name and key.
    """

    _name = "saas.pool.clone"
    _inherit = ["saas.dashboard.source", "saas.lifecycle.mixin", "saas.job.mixin"]
    _description = "Clone in the Pool"
    _order = "id desc"
    _rec_name = "database_name"

    _lifecycle = {
        "ready": ("filling",),
        "claimed": ("ready",),
        "failed": ("filling",),
        "discarding": ("filling", "ready", "claimed", "failed"),
    }
    _lifecycle_initial = "filling"
    _lifecycle_protected = frozenset({"state", "instance_id"})

    _dashboard_fields = frozenset(["state"])

    uuid = fields.Char("UUID", default=lambda self: str(uuid.uuid4()), required=True, readonly=True)
    database_name = fields.Char("Database", compute="_compute_database_name")
    template_id = fields.Many2one("saas.template", index=True, ondelete="cascade", readonly=True)
    database = fields.Char("Template Version", readonly=True, help="The sealed database that it is a clone of.")
    runtime_id = fields.Many2one("saas.runtime", required=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(related="template_id.company_id", store=True)
    instance_id = fields.Many2one("saas.instance", index=True, ondelete="set null", readonly=True)
    state = fields.Selection(
        [
            ("filling", "Being Made"),
            ("ready", "Ready"),
            ("claimed", "Claimed"),
            ("failed", "Failed"),
            ("discarding", "Being Removed"),
        ],
        required=True,
        default="filling",
        index=True,
        readonly=True,
    )

    _uuid_unique = Constraint("UNIQUE (uuid)", "Another clone has this UUID.")

    @api.depends("uuid")
    def _compute_database_name(self):
        for clone in self:
            clone.database_name = naming.pool_database(clone._key)

    @property
    def _key(self):
        return naming.tenant_key(self.uuid)

    def _get_pool(self):
        """Return the engine's pool that this clone is in."""
        return self.runtime_id._get_pool()

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of a clone."""
        labels = {
            "_job_fill": self.env._("Make a clone for the pool"),
            "_job_discard": self.env._("Remove a clone from the pool"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)

    # === LIFE === #

    @api.model
    def _start(self, template):
        """Have one more clone of a template made."""
        values = {"template_id": template.id, "database": template.database, "runtime_id": template.runtime_id.id}
        clone = self.sudo().create(values)
        clone._enqueue("_job_fill")
        return clone

    @api.model
    def _claim(self, instance, database, runtime):
        """Give a ready clone of a template version to an instance, or nothing.

        One that the instance has got already and did not use is as good as another.

        :return: the clone, or an empty recordset: the pool is empty
        """
        wanted = [("database", "=", database), ("runtime_id", "=", runtime.id)]
        mine = self.search([*wanted, ("state", "=", "claimed"), ("instance_id", "=", instance.id)], limit=1)
        return mine or self._find_and_claim(instance, database, runtime)

    def _find_and_claim(self, instance, database, runtime):
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM saas_pool_clone WHERE state = 'ready' AND database = %s AND runtime_id = %s
                ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
                """,
                database,
                runtime.id,
            )
        )
        clone = self.browse(row[0] for row in self.env.cr.fetchall())
        return clone and clone._transition("claimed", instance_id=instance.id)

    def _discard(self):
        """Have clones removed."""
        for clone in self._transition("discarding"):
            clone._enqueue("_job_discard")

    # === JOBS === #

    def _job_fill(self):
        """Make the clone, unless its template has a newer version meanwhile."""
        self.ensure_one()
        if self.state != "filling":
            return self.env._("Not relevant any more: the clone is %(state)s.", state=self.state)
        if self.database != self.template_id.database:
            self._discard()
            return self.env._("Not relevant any more: the template has a newer version.")
        with self._engine_errors_as_job_errors():
            self._get_pool().fill(self._key, self.database)
        self._transition("ready")
        return self.env._("%(name)s is ready.", name=self.database_name)

    def _job_discard(self):
        """Remove what there is of the clone, and its record. What an instance has taken is not the clone any more."""
        self.ensure_one()
        if self.state != "discarding":
            return self.env._("Not relevant any more: the clone is %(state)s.", state=self.state)
        with self._engine_errors_as_job_errors():
            self._get_pool().discard(self._prepare_order())
        name, template = self.database_name, self.template_id
        self.unlink()
        template._adjust_pool()
        return self.env._("%(name)s was removed.", name=name)

    def _prepare_order(self):
        """Return what the engine needs to know before it removes the clone."""
        return dropping.Order(
            "pool", self._key, self.state, self._get_asker(), self.env._("the pool has no use for it any more")
        )

    def _on_job_failed(self, job):
        """Override of `_on_job_failed`: a clone that failed holds its place for a while, so that no disk fills up."""
        super()._on_job_failed(job)
        if job.method_name == "_job_fill" and self.state == "filling":
            self._transition("failed")
            message = self.env._("No clone for the pool: %(reason)s", reason=self._get_failure_reason(job))
            self.env["saas.event"]._log(self.template_id, "failed", message, "error")

    def _schedule_failure_activity(self, job):
        """Override of `_schedule_failure_activity`: the template is where people look."""
        for template in self.template_id:
            template._schedule_failure_activity(job)

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled`: what nobody will make holds no place."""
        super()._on_job_cancelled(job)
        if job.method_name == "_job_fill" and self.state == "filling":
            self._discard()

    # === SWEEP === #

    @api.model
    def _cron_adjust(self):
        """Let pools follow the demand, and put right what no job has."""
        self._sweep_records()
        for runtime in self.env["saas.runtime"].search([("kind", "=", "shared"), ("server_id.active", "=", True)]):
            self._sweep_databases(runtime)
        self.env["saas.template"].search([])._adjust_pool()

    def _sweep_records(self):
        """Remove claimed clones whose instance has no use for them any more, and failed ones after a while."""
        claimed = self.search([("state", "=", "claimed")])
        claimed.filtered(lambda clone: not clone._is_awaited())._discard()
        before = fields.Datetime.now() - timedelta(hours=HOURS_BEFORE_ANOTHER_TRY)
        self.search([("state", "=", "failed"), ("write_date", "<", before)])._discard()

    def _is_awaited(self):
        instance = self.instance_id
        return instance.state in ("queued", "provisioning") and instance.pool_key == self._key

    def _sweep_databases(self, runtime):
        """Compare records and databases of a runtime: each that has lost its other half is removed.

        A database of the pool is known by its name and its mark; what is a tenant's has neither.
        """
        try:
            pool = runtime._get_pool()
            keys, complete = pool.keys(), pool.complete_keys()
        except EngineError as error:  # a server that is away must not keep the others' pools from being swept
            _logger.warning("pool of runtime %s not swept: %s", runtime.code, error)
            return
        records = self.search([("runtime_id", "=", runtime.id)])
        records.filtered(lambda clone: clone.state == "ready" and clone._key not in complete)._discard()
        for key in keys - {clone._key for clone in records}:
            self._adopt(runtime, key)

    def _adopt(self, runtime, key):
        """Give an orphan a record, by which it is removed. Should it have got one meanwhile, it is no orphan."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                orphan = self.create({"uuid": str(uuid.UUID(key)), "runtime_id": runtime.id})
        except UniqueViolation:
            return
        orphan._discard()


class SaasRuntime(models.Model):
    _inherit = "saas.runtime"

    def _get_pool(self):
        """Return the engine's pool of this runtime."""
        self.ensure_one()
        runtime = self.sudo()
        return Pool(runtime.server_id._get_cluster(), runtime._get_runtime())
