import time

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..saas_engine.errors import EngineError
from ..saas_engine.runtime_driver import RuntimeDriver
from ..saas_engine.runtime_wanted import Status

# A dedicated service comes after the shared ones in lists, and is no default of anything.
SEQUENCE = 100
FOLLOW_SECONDS = 120


class SaasRuntimeDedicated(models.Model):
    """A service of one tenant's own: made when its tenant moves in, removed when it has left.

    It is started and stopped by the engine's driver, which writes values and never a command.
    """

    _inherit = "saas.runtime"

    state = fields.Selection(
        [
            ("starting", "Starting"),
            ("running", "Running"),
            ("stopped", "Stopped"),
            ("failed", "Failed"),
            ("removed", "Removed"),
        ],
        readonly=True,
        copy=False,
        help="Of a service of its own, as its keeper says.",
    )
    state_reason = fields.Text("Why It Failed", readonly=True, copy=False, groups="saas_manager.group_administrator")
    state_checked_at = fields.Datetime("Last Look", readonly=True, copy=False)
    has_own_user = fields.Boolean(
        "User of Its Own",
        readonly=True,
        copy=False,
        help="It runs as a user of the operating system that nothing else runs as, and sees no other files.",
    )

    @api.model
    def _get_driver(self):
        """Return the engine's driver of dedicated services."""
        return RuntimeDriver(self._get_engine_settings())

    @api.model
    def _has_keeper(self):
        """Tell whether this installation keeps services of one's own."""
        try:
            return self._get_driver().is_available
        except EngineError:  # nothing is configured at all: other screens say so
            return False

    def _get_runtime(self):
        """Override of `_get_runtime`: how a dedicated one is reached stands where its keeper has written it."""
        self.ensure_one()
        return self._get_driver().runtime(self.code) if self.kind == "dedicated" else super()._get_runtime()

    def _get_kept_hosts(self):
        """Return the hosts that the keeper leads to this service now."""
        try:
            return self._get_driver().wanted(self.code).alive_hosts(time.time())
        except EngineError:  # it is not there at all: nothing leads to it
            return set()

    @api.model
    def _get_dedicated(self, instance):
        """Return the record of an instance's own service, made if there is none. It may be archived."""
        code = f"own-{instance._key}"
        found = self.with_context(active_test=False).search([("code", "=", code)])
        return found or self.create(
            {
                "name": instance.name,
                "code": code,
                "sequence": SEQUENCE,
                "kind": "dedicated",
                "server_id": instance.server_id.id,
                "release_id": instance.runtime_id.release_id.id,
            }
        )

    def _prepare_options(self, plan):
        """Return what the keeper gets to know: whether own code is allowed, and the limits. A hook."""
        return {
            "own_code": plan.own_code,
            "workers": plan.dedicated_workers,
            "memory_mb": plan.dedicated_memory_mb,
        }

    def _get_options(self):
        """Return the options by the plan of the instance that is in it."""
        return self._prepare_options(self.instance_ids[:1].plan_id) if self.instance_ids else {}

    def write(self, values):
        """Override of `write`: what the keeper and the directory know a dedicated one by does not change."""
        for runtime in self.filtered(lambda each: each.kind == "dedicated"):
            fixed = [name for name in ("code", "kind") if values.get(name, runtime[name]) != runtime[name]]
            if fixed:
                raise UserError(
                    self.env._("%(name)s was made for its instance: code and kind stay.", name=runtime.display_name)
                )
        return super().write(values)

    # === ACTIONS === #

    def action_start(self):
        """Have it started."""
        return self._drive("start", self.env._("Start Service"))

    def action_stop(self):
        """Have it stopped: its site answers no more until it is started."""
        return self._drive("stop", self.env._("Stop Service"))

    def action_restart(self):
        """Have it started anew, with the limits of its plan as they are now."""
        return self._drive("restart", self.env._("Restart Service"))

    def _drive(self, method, label):
        self.ensure_one()
        self.check_access("write")
        if self.kind != "dedicated" or self.state in (False, "removed"):
            raise UserError(self.env._("%(name)s is not a service that the manager starts.", name=self.display_name))
        options = {} if method == "stop" else self._get_options()
        with self._engine_errors_as_user_errors():
            getattr(self._get_driver(), method)(self.code, **options)
        for instance in self.instance_ids:
            instance._log_event("note", self.env._("Its service: %(action)s.", action=label))
        self.write({"state": "starting", "state_reason": False} if method != "stop" else {})
        self._enqueue("_job_follow")
        self._notify_progress()
        return True

    # === JOBS === #

    def _job_follow(self):
        """Wait until it is as it was wanted, and show that."""
        self.ensure_one()
        driver = self._get_driver()
        with self._engine_errors_as_job_errors():
            driver.wait_until_settled(self.code, FOLLOW_SECONDS)
        self._look()
        self._notify_progress()
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    def _job_remove(self):
        """Remove it, role and record's use included, unless a tenant is in it."""
        self.ensure_one()
        if self._is_in_use():
            return self.env._("Not relevant any more.")
        with self._engine_errors_as_job_errors():
            self._get_driver().remove(self.server_id._get_cluster(), self.code)
        self.write({"state": "removed", "active": False, "state_reason": False})
        return self.env._("Nothing of it is left.")

    def _is_in_use(self):
        """Tell whether an instance is in it, or on its way in."""
        Instance = self.env["saas.instance"].sudo().with_context(active_test=False)
        here = [("runtime_id", "=", self.id), ("state", "!=", "terminated")]
        return bool(Instance.search_count(["|", ("move_to_id", "=", self.id), *(["&"] + here)], limit=1))

    def _look(self):
        """Write down what the keeper says."""
        for runtime in self:
            status = runtime._get_driver().status(runtime.code) or Status(state="removed")
            values = {
                "state": status.state,
                "state_reason": status.reason,
                "has_own_user": status.separate,
                "state_checked_at": fields.Datetime.now(),
            }
            runtime.write(values)

    @api.model
    def _cron_look(self):
        """Look at all dedicated services; what has failed comes on people's lists."""
        if not self._has_keeper():
            return
        for runtime in self.search([("kind", "=", "dedicated"), ("state", "!=", False)]):
            before = runtime.state
            try:
                runtime._get_driver().renew_secrets(runtime.code)  # the end of a rotation reaches it here
                runtime._look()
            except EngineError as error:
                runtime.write({"state": "failed", "state_reason": str(error)})
            if runtime.state == "failed":
                runtime._report_problem(
                    runtime.state_reason or "", self.env._("%(name)s does not run.", name=runtime.display_name)
                )
            if runtime.state != before:
                runtime._notify_progress()

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of a service."""
        labels = {
            "_job_follow": self.env._("Wait for the service"),
            "_job_remove": self.env._("Remove the service"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)

    def action_view_instances(self):
        """Open the instances that it serves."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_instance_action")
        return {**action, "domain": [("runtime_id", "=", self.id)]}
