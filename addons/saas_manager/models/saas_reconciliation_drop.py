from odoo import models

from ..saas_engine import backup, dropping, dump_file, naming
from ..saas_engine.directory import Directory
from ..saas_engine.provisioning import Provisioner
from ..saas_engine.spec import TenantSpec


class SaasReconciliationDrop(models.Model):
    """Fixes that drop something no record answers for. A database that may be a customer's leaves a dump."""

    _inherit = "saas.reconciliation.line"

    def _fix_drop_draft(self):
        order = self._prepare_order("draft", "unfinished")
        dropping.drop_draft(self._get_cluster(), order)
        for runtime in self.sudo().server_id._get_loaded_runtimes():
            dropping.drop_draft_folder(runtime, order)

    def _fix_drop_role(self):
        dropping.drop_role(self._get_cluster(), self._prepare_order("spare", "unknown"))

    def _fix_drop_remains(self):
        dropping.drop_remains(self._get_cluster(), self._prepare_order("draft", "unfinished"), self.name)

    def _fix_drop_spare(self):
        cluster = self._get_cluster()
        order = self._prepare_order("spare", "unknown")
        dropping.drop(cluster, self._get_runtime(), Directory(cluster), order, self.name)

    def _fix_back_up_and_drop(self):
        """Keep a dump, on record and committed, before the job that drops."""
        if self.sudo().dump_path:
            return self._drop_orphan()
        provisioner, spec = self._get_provisioner(), self._prepare_spec()
        provisioner.put_role_back(spec)
        target = self._get_engine_settings().backup_dir / f"{self.name}-{self.key[:8]}-unknown.zip"
        dump = backup.dump(provisioner, spec, target)
        self.sudo().write({"dump_path": str(dump.path), "dump_size": dump.size, "dump_sha256": dump.sha256})
        self._enqueue("_job_fix_after_dump")
        return False

    def _job_fix_after_dump(self):
        """Go on, now that the dump is on record."""
        return self._job_fix()

    def _drop_orphan(self):
        line, cluster = self.sudo(), self._get_cluster()
        dump = dump_file.BackupFile(line.dump_path, line.dump_size, line.dump_sha256)
        order = self._prepare_order("orphan", "unknown", last_backup=dump)
        dropping.drop(cluster, self._get_runtime(), Directory(cluster), order, self.name)

    def _get_provisioner(self):
        return Provisioner(self._get_cluster(), self._get_runtime(), self._get_engine_settings())

    def _prepare_spec(self):
        """Return what the engine needs to know to enter a database that no record knows."""
        host = f"{self.name}.{self.sudo().server_id._get_base_domain()}"
        return TenantSpec(self.key, self.name, host, self.env["saas.instance"]._get_public_url(host))

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the second job."""
        if method == "_job_fix_after_dump":
            return self.env._("Drop it after the dump")
        return super()._get_job_label(method, *args)

    def _on_job_failed(self, job):
        """Override of `_on_job_failed`: the second job fails like the first."""
        super()._on_job_failed(job)
        if job.method_name == "_job_fix_after_dump":
            self._give_up(self._get_failure_reason(job))


class SaasInstanceLeftovers(models.Model):
    _inherit = "saas.instance"

    def _remove_leftovers(self):
        """Remove what there still is of a terminated instance, under whatever name; its final backup stays."""
        self.ensure_one()
        runtime = self.sudo().runtime_id
        cluster = runtime.server_id._get_cluster()
        order = self._prepare_removal_order(self.backup_ids.filtered(lambda each: each.kind == "final")[:1])
        with cluster.connect() as connection:
            names = dropping.databases.marked(connection, self._key)
        for name in names or [self.subdomain]:
            if name != naming.draft_database(self._key):
                dropping.drop(cluster, runtime._get_runtime(), Directory(cluster), order, name)
