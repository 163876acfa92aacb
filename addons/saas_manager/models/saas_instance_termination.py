from datetime import UTC, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..saas_engine import backup, dropping, dump_file, removal


class SaasInstanceTermination(models.Model):
    """The end of an instance: off at once, undoable for days, a final backup, and only then gone."""

    _inherit = "saas.instance"

    deletion_date = fields.Datetime("To Be Deleted", readonly=True, copy=False, tracking=True)
    state_before_termination = fields.Char(readonly=True, copy=False, groups="saas_manager.group_user")
    backup_ids = fields.One2many(
        "saas.backup", "instance_id", string="Backups", readonly=True, groups="saas_manager.group_user"
    )
    backup_count = fields.Integer(compute="_compute_backup_count", groups="saas_manager.group_user")

    @api.depends("backup_ids")
    def _compute_backup_count(self):
        for instance in self:
            instance.backup_count = len(instance.backup_ids)

    # === ACTIONS === #

    def action_terminate(self, confirmation=None):
        """Switch an instance off and plan its deletion.

        :param str confirmation: the subdomain, typed by whoever asks for it
        :return: without a confirmation the wizard that asks for it, else True
        :raise UserError: when the confirmation is not the subdomain
        """
        self.ensure_one()
        if confirmation is None:
            return self._get_terminate_wizard_action()
        self._check_confirmation(confirmation)
        before = self.state
        moved = self._transition(
            "terminating",
            state_before_termination=before,
            deletion_date=fields.Datetime.now() + timedelta(days=self._get_grace_days()),
        )
        if moved:
            self._log_event("terminating", self._prepare_termination_message(), "warning")
            self._publish_state()
        return True

    def action_delete_now(self, confirmation=None):
        """Delete a terminating instance without waiting for its date: the administrators' alone.

        :param str confirmation: as in `action_terminate`
        """
        self.ensure_one()
        if not self.env.user.has_group("saas_manager.group_administrator"):
            raise AccessError(self.env._("Only an administrator of the SaaS manager may delete before the date."))
        if confirmation is None:
            return self._get_terminate_wizard_action(delete_now=True)
        self._check_confirmation(confirmation)
        if self.state != "terminating":
            raise UserError(self._transition_error_message("terminated"))
        self._write_protected({"deletion_date": fields.Datetime.now()})
        self._log_event("terminating", self.env._("Deletion without waiting was asked for."), "warning")
        self._enqueue("_job_delete")
        return True

    def _check_confirmation(self, confirmation):
        if (confirmation or "").strip().lower() != self.subdomain:
            raise UserError(self.env._('Type the subdomain, "%(subdomain)s", to confirm.', subdomain=self.subdomain))

    def _get_terminate_wizard_action(self, delete_now=False):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Delete Now") if delete_now else self.env._("Terminate"),
            "res_model": "saas.terminate.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_instance_id": self.id, "default_delete_now": delete_now},
        }

    @api.model
    def _get_grace_days(self):
        """Return for how many days a termination can be undone."""
        return self.env["saas.settings"]._get("saas.termination_grace_days")

    def _prepare_termination_message(self):
        return self.env._(
            "Termination was asked for. It can be undone until %(date)s.",
            date=fields.Date.to_string(self.deletion_date),
        )

    def _undo_termination(self):
        """Put an instance back into the state that its termination has interrupted."""
        self.ensure_one()
        if self._transition(self.state_before_termination or "active", deletion_date=False):
            if self.state == "active":
                self._write_protected({"reason": False})
            self._log_event("restored", self.env._("The termination was undone."))
            self._publish_state()

    # === JOBS === #

    @api.model
    def _cron_delete_due(self):
        """Queue the deletion of every instance whose grace has passed."""
        for instance in self.search([("state", "=", "terminating"), ("deletion_date", "<=", fields.Datetime.now())]):
            instance._enqueue("_job_delete")

    def _job_delete(self):
        """Keep a final dump; then the database, the files, the role and the directory entry go."""
        self.ensure_one()
        self._lock_for_transition()
        if not self._is_deletion_due():
            return self.env._("Not relevant any more: the instance is %(state)s.", state=self.state)
        with self._engine_errors_as_job_errors():
            final = self.backup_ids.filtered(lambda each: each.kind == "final")[:1]
            if not final:
                return self._keep_final_backup()
            self._remove(final)
        return self.env._("Deleted. The final backup is %(name)s.", name=final.name)

    def _is_deletion_due(self):
        return self.state == "terminating" and self.deletion_date and self.deletion_date <= fields.Datetime.now()

    def _keep_final_backup(self):
        """Dump the instance and record the dump; the deletion is a job of its own that follows.

        The record of the backup is committed before anything is dropped.
        """
        name = f"{self.subdomain}-{self._key[:8]}-final.zip"
        target = self._get_engine_settings().backup_dir / name
        dump = backup.dump(self._get_provisioner(), self._prepare_tenant_spec(), target)
        self.env["saas.backup"].create(
            {"name": name, "instance_id": self.id, "path": str(dump.path), "size": dump.size, "sha256": dump.sha256}
        )
        self._log_event("backup", self.env._("A final backup was kept: %(name)s", name=name))
        self._enqueue("_job_delete_after_backup")
        return self.env._("The final backup is %(name)s.", name=name)

    def _job_delete_after_backup(self):
        """Go on with the deletion, now that the backup is on record."""
        return self._job_delete()

    def _remove(self, final):
        runtime = self.sudo().runtime_id
        order = self._prepare_removal_order(final)
        removal.remove(runtime.server_id._get_cluster(), runtime._get_runtime(), self._prepare_tenant_spec(), order)
        self._transition("terminated")
        message = self.env._("Database, files, role and address are gone. Asked for by %(who)s.", who=order.asked_by)
        self._log_event("terminated", message, "warning")
        self._notify_progress()

    def _prepare_removal_order(self, final):
        """Return what the engine needs to know before it removes an instance.

        :param final: the `saas.backup` that stays, if there is one
        """
        dump = final.sudo()
        last_backup = dump_file.BackupFile(path=dump.path, size=dump.size, sha256=dump.sha256) if dump else None
        return dropping.Order(
            "tenant",
            self._key,
            self.state,
            self._get_termination_asker(),
            self.env._("its termination was asked for, and its grace is over"),
            due=self.deletion_date and self.deletion_date.replace(tzinfo=UTC),
            last_backup=last_backup,
        )

    def _get_termination_asker(self):
        """Return who has asked for the end; the job itself runs as nobody in particular."""
        asked = (
            self.env["saas.event"]
            .sudo()
            .search([("instance_id", "=", self.id), ("kind", "=", "terminating")], order="id desc", limit=1)
        )
        return self.with_user(asked.user_id or self.env.user)._get_asker()

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to put a deletion that did not work on the timeline."""
        super()._on_job_failed(job)
        if job.method_name in ("_job_delete", "_job_delete_after_backup"):
            self._log_event(
                "failed", self.env._("The deletion failed: %(reason)s", reason=self._get_failure_reason(job)), "error"
            )
