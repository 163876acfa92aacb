import dataclasses
import uuid

from odoo import api, fields, models

from ..saas_engine import reconcile
from ..saas_engine.directory import TenantEntry
from .saas_instance_suspension import PUBLISHED_STATES

UNFINISHED = ("wait_dependencies", "pending", "enqueued", "started")


class SaasInstanceReconcile(models.Model):
    """What an instance's record says that there should be on its server."""

    _inherit = "saas.instance"

    @api.model
    def _get_uuids(self, keys):
        """Return the UUIDs of keys, as the records have them."""
        return [str(uuid.UUID(key)) for key in keys if key]

    @api.model
    def _get_moving_methods(self):
        """Return the jobs that change what is compared: while one waits, nothing about its instance is wrong."""
        return [
            *("_job_provision_step", "_job_undo_provisioning", "_job_after_failure"),
            *("_job_publish_state", "_job_publish_redirects", "_job_rename", "_job_undo_rename"),
            *("_job_delete", "_job_delete_after_backup"),
            *("_job_prepare_move", "_job_move", "_job_undo_move", "_job_finish_move"),
        ]

    def _get_busy(self):
        """Return those instances that something is about to change."""
        now = fields.Datetime.now()
        domain = [
            ("state", "in", UNFINISHED),
            ("saas_instance_id", "in", self.ids),
            ("method_name", "in", self._get_moving_methods()),
        ]
        groups = self.env["queue.job"].sudo()._read_group(domain, ["saas_instance_id"])
        working = self.browse().union(*(instance for (instance,) in groups))
        return working | self.filtered(
            lambda each: each.state in ("queued", "provisioning")
            or each.rename_to
            or each.move_to_id
            or (each.state == "terminating" and each.deletion_date and each.deletion_date <= now)
        )

    def _prepare_records(self):
        """Return the engine's records of these instances, in a constant number of queries."""
        busy = self._get_busy()
        return [instance._prepare_record(instance in busy) for instance in self]

    def _prepare_record(self, is_busy):
        record = reconcile.Record(
            kind="instance",
            key=self._key,
            name=self.subdomain,
            runtime=self.runtime_id.code,
            state=self.state,
            is_busy=is_busy,
        )
        published = PUBLISHED_STATES.get(self.state)
        return record if is_busy or not published else self._add_what_lives(record, published)

    def _add_what_lives(self, record, published):
        """Add what only an instance that can be visited, or could be again, has."""
        limits = self._prepare_limits()
        entry = TenantEntry(
            db=self.subdomain,
            key=record.key,
            runtime=record.runtime,
            release=self.runtime_id.release_id.code,
            state=published,
            reason="" if published == "active" else self.reason or "",
            limits=limits,
            hosts=(self._get_host(),),
        )
        redirects = tuple(self._get_host(name) for name in self._prepare_redirects(self.subdomain))
        return dataclasses.replace(record, database=reconcile.OPEN, limits=limits, entry=entry, redirects=redirects)
