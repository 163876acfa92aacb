import dataclasses

from odoo import models

from ..saas_engine import naming, reconcile
from ..saas_engine.directory import TenantEntry
from ..saas_engine.template_build import LIMITS
from .saas_instance_reconcile import UNFINISHED


class SaasServerRecords(models.Model):
    """What the manager's records say of a server, as the engine compares it."""

    _inherit = "saas.server"

    def _get_records(self, key=None):
        """Return the records of this server, and what else is known: (list of `Record`, `Known`).

        :param str key: of the only instance that is of interest; None: all
        """
        templates = self.env["saas.template"].search([("runtime_id.server_id", "=", self.id)])
        records = [
            *self._get_compared_instances(key)._prepare_records(),
            *templates._prepare_records(),
            *self.env["saas.template.workshop"].search([("template_id", "in", templates.ids)])._prepare_records(),
            *self.env["saas.pool.clone"].search([("runtime_id.server_id", "=", self.id)])._prepare_records(),
        ]
        return records, self._get_known(records)

    def _get_compared_instances(self, key):
        Instance = self.env["saas.instance"]
        domain = [("server_id", "=", self.id), ("runtime_id", "!=", False)]
        return Instance.search([*domain, *([("uuid", "in", Instance._get_uuids([key]))] if key else [])])

    def _get_known(self, records):
        """Return keys and names of all instances, wherever they are: two servers may be one cluster by two names."""
        rows = self.env["saas.instance"].search_read([], ["uuid", "subdomain", "rename_to", "state"])
        alive = [row for row in rows if row["state"] not in ("draft", "failed", "terminated")]
        kept = [record for record in records if record.database or record.is_busy]
        names = {row[name] for row in alive for name in ("subdomain", "rename_to") if row[name]}
        return reconcile.Known(
            keys=frozenset({naming.tenant_key(row["uuid"]) for row in rows} | {record.key for record in records}),
            names=frozenset(names | {record.name for record in kept}),
        )


class SaasTemplateReconcile(models.Model):
    _inherit = "saas.template"

    def _prepare_records(self):
        """Return the engine's records of the versions in use, and of those that should be gone."""
        domain = [("state", "in", UNFINISHED), ("model_name", "=", "saas.template")]
        working = {job.records.id for job in self.env["queue.job"].sudo().search(domain)}
        return [
            template._prepare_record(version, template.id in working)
            for template in self
            for version in range(1, template.version + 1)
        ]

    def _prepare_record(self, version, is_worked_on):
        name = naming.template_database(self.code, version)
        is_in_use = name == self.database
        return reconcile.Record(
            kind="template",
            key=naming.template_key(name),
            name=name,
            runtime=self.runtime_id.code,
            state=self.state if is_in_use else "replaced",
            database=reconcile.SEALED if is_in_use else "",
            # The version in use stays what it is while the next one is built.
            is_busy=not is_in_use and (is_worked_on or self.state == "building"),
        )


class SaasTemplateWorkshopReconcile(models.Model):
    _inherit = "saas.template.workshop"

    def _prepare_records(self):
        """Return the engine's records of the copies that are not over."""
        alive = self.filtered(lambda workshop: workshop.state not in ("published", "discarded"))
        return [workshop._prepare_record() for workshop in alive]

    def _prepare_record(self):
        runtime, spec = self.template_id.runtime_id, self._prepare_spec()
        record = reconcile.Record("workshop", spec.key, spec.database, runtime.code, self.state)
        if self.state != "open":
            return dataclasses.replace(record, is_busy=True)
        entry = TenantEntry(
            spec.database, spec.key, runtime.code, runtime.release_id.code, limits=LIMITS, hosts=(spec.host,)
        )
        return dataclasses.replace(record, database=reconcile.OPEN, limits=LIMITS, entry=entry)


class SaasPoolCloneReconcile(models.Model):
    _inherit = "saas.pool.clone"

    def _prepare_records(self):
        """Return the engine's records of clones: those that wait, and those that are worked on."""
        return [
            reconcile.Record(
                "pool",
                clone._key,
                clone.database_name,
                clone.runtime_id.code,
                clone.state,
                reconcile.CLOSED if clone.state == "ready" else "",
                is_busy=clone.state != "ready",
            )
            for clone in self
        ]
