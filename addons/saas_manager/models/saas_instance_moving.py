from odoo import api, fields, models
from odoo.exceptions import UserError

from ..saas_engine import moving
from ..saas_engine.errors import EngineError
from ..saas_engine.provisioning import Provisioner
from .saas_instance_suspension import PUBLISHED_STATES


class SaasInstanceMoving(models.Model):
    """An instance moves to a service of its own, or back to the shared one: wanted by a click, done by jobs.

    The new service runs and has the files before anybody waits for it. What can't be done is undone.
    """

    _inherit = "saas.instance"

    move_to_id = fields.Many2one(
        "saas.runtime", "Moves To", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    move_failure = fields.Text("Why It Did Not Move", readonly=True, copy=False, groups="saas_manager.group_user")
    can_move_to = fields.Char(compute="_compute_can_move_to", compute_sudo=True, groups="saas_manager.group_user")

    @api.depends("state", "runtime_id.kind", "plan_id.own_code", "move_to_id", "rename_to", "server_id.host")
    def _compute_can_move_to(self):
        for instance in self:
            instance.can_move_to = instance._get_move_target()

    def _get_move_target(self):
        """Return the kind of service that the button offers: ``dedicated``, ``shared``, or False."""
        self.ensure_one()
        if self.move_to_id or self.rename_to or self.state not in ("active", "suspended"):
            return False
        # The keeper starts services beside the manager, on the manager's own cluster.
        if not self.env["saas.runtime"]._has_keeper() or not self.server_id._is_local():
            return False
        if self.runtime_id.kind == "dedicated":
            return self.state == "active" and "shared"
        return self.plan_id.own_code and "dedicated"

    # === ACTIONS === #

    def action_open_move_wizard(self):
        """Say what a move means, and ask."""
        self.ensure_one()
        kind = self.sudo()._get_move_target()
        if not kind:
            raise UserError(self._prepare_no_move_message())
        return {
            "type": "ir.actions.act_window",
            "name": self._get_move_labels()[kind],
            "res_model": "saas.move.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_instance_id": self.id, "default_kind": kind},
        }

    def action_move(self, kind):
        """Queue the move.

        :param str kind: ``dedicated``, to a service of its own, or ``shared``, back to the one of many tenants
        :raise UserError: it can't be moved there in its state, or by its plan
        """
        self.ensure_one()
        self.check_access("write")
        self._lock_for_transition()
        if self.sudo()._get_move_target() != kind:
            raise UserError(self._prepare_no_move_message())
        runtime = self.sudo()._get_move_runtime(kind)
        self._write_protected({"move_to_id": runtime.id, "move_failure": False})
        self._log_event("moved", self.env._("The move to %(service)s was asked for.", service=runtime.name))
        self._enqueue("_job_prepare_move", runtime.id)
        self._notify_progress()
        return True

    def _get_move_runtime(self, kind):
        """Return the service that the instance moves to."""
        if kind == "dedicated":
            return self.env["saas.runtime"]._get_dedicated(self)
        runtime = self.server_id._get_runtime()
        if not runtime:
            raise UserError(self.env._("Its server has no shared service."))
        return runtime

    def _get_move_labels(self):
        return {
            "dedicated": self.env._("Move to a Service of Its Own"),
            "shared": self.env._("Move to the Shared Service"),
        }

    def _prepare_no_move_message(self):
        if self.move_to_id:
            return self.env._('"%(name)s" is on its way to another service. Wait until it is there.', name=self.name)
        return self.env._(
            '"%(name)s" can\'t be moved. A move to a service of its own takes an active or suspended instance whose'
            " plan allows own code, a move back an active one, and the installation a keeper of such services.",
            name=self.name,
        )

    def _transition(self, state, **values):
        """Override of `_transition`: while an instance moves it stays what it is."""
        for instance in self:
            if instance.move_to_id:
                raise UserError(instance._prepare_no_move_message())
        return super()._transition(state, **values)

    def _check_can_be_renamed(self):
        """Override of `_check_can_be_renamed`: one move at a time."""
        if self.move_to_id:
            raise UserError(self._prepare_no_move_message())
        return super()._check_can_be_renamed()

    # === JOBS === #

    def _job_prepare_move(self, runtime_id):
        """Have the new service running, and the files in it: nothing of that disturbs the tenant.

        :param int runtime_id: where it moves to
        """
        self.ensure_one()
        target = self._get_awaited_runtime(runtime_id)
        if not target:
            return self.env._("Not relevant any more.")
        spec = self._prepare_tenant_spec()
        with self._engine_errors_as_job_errors():
            if target.kind == "dedicated":
                self._start_own_service(target)
            else:
                self._refuse_own_code(spec)
            moving.prepare(self._get_provisioner(), self._get_provisioner_of(target), spec)
        self._enqueue("_job_move", runtime_id)
        return self.env._("%(service)s is ready.", service=target.name)

    def _start_own_service(self, target):
        driver, cluster = target._get_driver(), target.server_id._get_cluster()
        driver.create(cluster, target.code, **target._prepare_options(self.plan_id))
        driver.wait_until_it_runs(target.code)
        target.write({"active": True})
        target._look()

    def _job_move(self, runtime_id):
        """Move the instance: it is away for a few seconds.

        :param int runtime_id: where it moves to
        """
        self.ensure_one()
        self._lock_for_transition()
        target = self._get_awaited_runtime(runtime_id)
        if not target:
            return self.env._("Not relevant any more.")
        source = self.sudo().runtime_id
        with self._engine_errors_as_job_errors():
            self._do_move(moving.move, source, target)
            if self.state == "active":
                self._get_provisioner_of(target).verify(self._prepare_tenant_spec())
        self._write_protected({"runtime_id": target.id, "move_to_id": False})
        self._log_event("moved", self.env._("It runs in %(service)s now.", service=target.name))
        self._enqueue("_job_finish_move", source.id)
        self._notify_progress()
        return self.env._("It runs in %(service)s now.", service=target.name)

    def _job_finish_move(self, runtime_id):
        """Remove what the service that it has left still has of it, and that service if it was its own.

        :param int runtime_id: the one that it has left
        """
        self.ensure_one()
        left = self.env["saas.runtime"].sudo().with_context(active_test=False).browse(runtime_id).exists()
        if not left or left == self.sudo().runtime_id or self.move_to_id or self.state == "terminated":
            return self.env._("Not relevant any more.")
        with self._engine_errors_as_job_errors():
            if self._has_runtime_files(left):
                moving.finish(self._get_provisioner_of(left), self._get_provisioner(), self._prepare_tenant_spec())
        if left.kind == "dedicated":
            left._enqueue("_job_remove")
        return self.env._("Nothing of it is left in %(service)s.", service=left.name)

    def _job_undo_move(self, runtime_id):
        """Put an instance back that could not be moved; where nothing has happened yet nobody notices.

        :param int runtime_id: where it was to move to
        """
        self.ensure_one()
        self._lock_for_transition()
        target = self._get_awaited_runtime(runtime_id)
        if not target:
            return self.env._("Not relevant any more.")
        with self._engine_errors_as_job_errors():
            if self._has_runtime_files(target):
                self._do_move(moving.undo, self.sudo().runtime_id, target)
        self._write_protected({"move_to_id": False})
        self._enqueue("_job_finish_move", target.id)
        self._notify_progress()
        return self.env._("It runs in %(service)s still.", service=self.sudo().runtime_id.name)

    def _do_move(self, work, source, target):
        """Have the engine move it, or move it back."""
        redirects = self._prepare_published_redirects(self._prepare_redirects(self.subdomain))
        work(
            self._get_provisioner_of(source),
            self._get_provisioner_of(target),
            self._prepare_tenant_spec(),
            PUBLISHED_STATES[self.state],
            self.reason or "",
            redirects,
            self._get_move_notice(),
        )

    def _get_move_notice(self):
        """Return what visitors read meanwhile."""
        return self.env._("This site moves to another server process. It is back in a moment.")

    def _get_awaited_runtime(self, runtime_id):
        """Return the service that the instance is on its way to, if it is this one."""
        target = self.sudo().move_to_id
        return target if target.id == runtime_id else target.browse()

    def _get_provisioner_of(self, runtime):
        """Return the engine that works on this instance in a service."""
        return Provisioner(runtime.server_id._get_cluster(), runtime._get_runtime(), self._get_engine_settings())

    def _has_runtime_files(self, runtime):
        """Tell whether a service was ever made, so that something may have happened in it."""
        try:
            return bool(runtime._get_runtime())
        except EngineError:
            return False

    # === FAILURE === #

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to put the instance back where it was."""
        super()._on_job_failed(job)
        if job.method_name in ("_job_prepare_move", "_job_move"):
            self._undo_move(job, self._get_failure_reason(job))

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled`: a move that nobody will do is not waited for."""
        super()._on_job_cancelled(job)
        if job.method_name in ("_job_prepare_move", "_job_move"):
            self._undo_move(job, self.env._("Cancelled by %(user)s.", user=self.env.user.name))

    def _undo_move(self, job, reason):
        target = self._get_awaited_runtime(job.args[0])
        if not target:
            return
        self._write_protected({"move_failure": reason})
        message = self.env._("It did not move to %(service)s: %(reason)s", service=target.name, reason=reason)
        self._log_event("failed", message, "error")
        self._enqueue("_job_undo_move", target.id)
        self._notify_progress()

    def _restart_after_failure(self, job):
        """Override of `_restart_after_failure`: it was put back, so a retry asks for the move anew."""
        if job.method_name in ("_job_prepare_move", "_job_move") and not self.move_to_id:
            kind = self.env["saas.runtime"].sudo().with_context(active_test=False).browse(job.args[0]).kind
            return self.with_env(job.env).action_move(kind)
        return super()._restart_after_failure(job)

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of a move."""
        labels = {
            "_job_prepare_move": self.env._("Prepare the move to another service"),
            "_job_move": self.env._("Move to another service"),
            "_job_finish_move": self.env._("Remove what a move has left"),
            "_job_undo_move": self.env._("Put back a move to another service"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)
