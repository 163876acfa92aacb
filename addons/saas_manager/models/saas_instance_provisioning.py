import itertools
import logging
import time

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..saas_engine import dropping

_logger = logging.getLogger(__name__)


class SaasInstanceProvisioning(models.Model):
    """From the click to an instance that works: a chain of jobs, each for one step or a few quick ones.

    Each job queues the next one in its own transaction, so that a step is done exactly when its successor is
    queued. A worker that is killed loses its transaction; queue_job puts its job back, and its steps, which are
    idempotent, run again.
    """

    _inherit = "saas.instance"

    step_ids = fields.One2many(
        "saas.instance.step", "instance_id", string="Steps", readonly=True, groups="saas_manager.group_user"
    )
    template_database = fields.Char(readonly=True, copy=False, groups="saas_manager.group_user")
    requested_at = fields.Datetime("Requested", readonly=True, copy=False)
    requested_clock = fields.Float(
        digits=0,
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
        help="The request in seconds since 1970: a date has no fractions of a second.",
    )
    provisioned_at = fields.Datetime("Provisioned", readonly=True, copy=False)
    provision_seconds = fields.Float(
        "Provisioned In (s)",
        digits=(10, 2),
        readonly=True,
        copy=False,
        aggregator="avg",
        groups="saas_manager.group_user",
    )
    failure_step = fields.Char("Failed Step", readonly=True, copy=False, groups="saas_manager.group_user")
    failure_reason = fields.Text("Why It Failed", readonly=True, copy=False, groups="saas_manager.group_user")
    has_leftovers = fields.Boolean(
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
        help="A failed run could not be removed completely.",
    )

    # === STEPS === #

    @api.model
    def _get_provision_steps(self):
        """Return the codes of the steps in their order. Each is a method `_provision_step_<code>`.

        Other addons insert their own; a step must be idempotent and raise an engine error to fail.
        """
        return ["reserve", "database", "filestore", "personalise", "publish", "verify"]

    def _get_joined_provision_steps(self):
        """Return the codes of the steps that are done in the job of the step before them.

        A hop from job to job takes longer than most steps. People see what was done when a job ends: what takes
        long stays the last step of its job. Steps of other addons have a job of their own unless they are added here.
        """
        return {"database", "personalise", "publish"}

    def _get_provision_job_steps(self, code):
        """Return the codes of the steps that the job of a step does: itself, and those that are joined to it."""
        codes = self._get_provision_steps()
        joined = self._get_joined_provision_steps()
        return [code, *itertools.takewhile(joined.__contains__, codes[codes.index(code) + 1 :])]

    @api.model
    def _get_provision_step_labels(self):
        """Return what people read for each step's code."""
        return {
            "reserve": self.env._("Reserve the name and check the server"),
            "database": self.env._("Clone the database"),
            "filestore": self.env._("Copy the files"),
            "personalise": self.env._("Make it yours"),
            "publish": self.env._("Publish the address"),
            "verify": self.env._("Open the first page"),
        }

    def _provision_step_reserve(self):
        self._get_provisioner().reserve(self._prepare_tenant_spec())

    def _provision_step_database(self):
        self._get_provisioner().clone_database(self._prepare_tenant_spec())

    def _provision_step_filestore(self):
        self._get_provisioner().clone_filestore(self._prepare_tenant_spec())

    def _provision_step_personalise(self):
        self._get_provisioner().personalise(self._prepare_tenant_spec())

    def _provision_step_publish(self):
        self._get_provisioner().publish(self._prepare_tenant_spec())

    def _provision_step_verify(self):
        self._get_provisioner().verify(self._prepare_tenant_spec())

    # === ACTIONS === #

    def action_provision(self):
        """Queue the provisioning of drafts, and again of those that failed. Does nothing for those under way."""
        for instance in self.filtered(lambda each: each.state not in ("queued", "provisioning")):
            instance._check_can_be_provisioned()
            if not instance._transition("queued", **instance._prepare_provision_values()):
                continue
            instance._reset_steps()
            instance._log_event("requested", self.env._("Provisioning was requested."))
            instance._enqueue_provisioning()
            instance._notify_progress()
        return True

    def _enqueue_provisioning(self):
        """Queue the first step."""
        self._enqueue("_job_provision_step", self._get_provision_steps()[0])

    def _check_can_be_provisioned(self):
        """Refuse, with words that help, what would fail anyway."""
        self.ensure_one()
        if not self.admin_email:
            raise UserError(self.env._("The customer has no email address, where should the welcome mail go?"))
        if not self._has_template():
            raise UserError(
                self.env._('The template "%(name)s" is not built yet. Build it first.', name=self.template_id.name)
            )
        allowed = self.plan_id.template_ids
        if allowed and not allowed & (self.template_id | self.template_id._get_base()):
            raise UserError(
                self.env._(
                    'The plan "%(plan)s" does not include the template "%(template)s".',
                    plan=self.plan_id.name,
                    template=self.template_id.name,
                )
            )

    def _has_template(self):
        """Tell whether there is something to clone, or will be before it is needed."""
        return bool(self.template_id.sudo().database or self.sudo().awaits_template)

    def _prepare_provision_values(self):
        """Return where the instance goes and from what it is cloned, decided at the click."""
        self.ensure_one()
        server = self.server_id or self.env["saas.server"].sudo()._find_for_placement(self.company_id)
        runtime = self.runtime_id or server and server.sudo()._get_runtime()
        if not runtime:
            raise UserError(self.env._("No server has room and a runtime. Add a server, or raise the capacity of one."))
        return {
            "server_id": server.id,
            "runtime_id": runtime.id,
            "template_database": self.template_id.sudo().database,
            "requested_at": fields.Datetime.now(),
            "requested_clock": time.time(),
            "failure_step": False,
            "failure_reason": False,
        }

    def _reset_steps(self):
        """Have one waiting step per code, in order; steps of an addon that is gone are removed."""
        self.ensure_one()
        codes = self._get_provision_steps()
        steps = self.sudo().step_ids
        steps.filtered(lambda step: step.code not in codes).unlink()
        steps = steps.exists()
        steps._reset()
        for step in steps:
            step.sequence = codes.index(step.code)
        missing = [code for code in codes if code not in steps.mapped("code")]
        steps.create([{"instance_id": self.id, "code": code, "sequence": codes.index(code)} for code in missing])
        self.invalidate_recordset(["step_ids"])  # read again, in order

    # === JOBS === #

    def _job_provision_step(self, code):
        """Do a step and those that are joined to it, and queue the one that follows.

        :param str code: one of `_get_provision_steps`
        """
        self.ensure_one()
        if self.state not in ("queued", "provisioning"):
            return self.env._("Not relevant any more: the instance is %(state)s.", state=self.state)
        self._transition("provisioning")
        with self._engine_errors_as_job_errors(), self._get_provisioner().session():
            done = self._do_provision_steps(self._get_provision_job_steps(code))
        self._after_provision_step(done[-1].code)
        return ", ".join(self.env._("%(step)s: %(seconds).3f s", step=step.name, seconds=step.seconds) for step in done)

    def _do_provision_steps(self, codes):
        """Do steps one after the other and return those that were done.

        One that fails behind another is left to a job of its own, which then fails, or is tried again, under the
        step's own name and for its own reason.
        """
        done = self.env["saas.instance.step"]
        for code in codes:
            try:
                with self.env.cr.savepoint():
                    step = self._do_provision_step(code)
            except Exception as error:  # noqa: BLE001 - whatever it is, the step's own job meets it again and reports it
                if not done:
                    raise
                _logger.info("%s: step %s gets a job of its own: %s", self.display_name, code, error)
                break
            done += step
        return done

    def _do_provision_step(self, code):
        step = self.step_ids.filtered(lambda each: each.code == code)
        if step.state == "waiting":
            step._start()
        started = time.monotonic()
        getattr(self, f"_provision_step_{code}")()
        step._finish(time.monotonic() - started)
        return step

    def _after_provision_step(self, code):
        """Queue the step that follows, or finish."""
        codes = self._get_provision_steps()
        following = codes[codes.index(code) + 1 :][:1]
        if following:
            self.step_ids.filtered(lambda step: step.code == following[0])._start()
            self._enqueue("_job_provision_step", following[0])
        else:
            self._finish_provisioning()
        self._notify_progress()

    def _finish_provisioning(self):
        """Hand the instance over."""
        seconds = time.time() - self.requested_clock
        self._transition("active", provisioned_at=fields.Datetime.now(), provision_seconds=seconds)
        self._log_event("provisioned", self.env._("Ready at %(url)s.", url=self.url))
        self._send_welcome()

    def _job_undo_provisioning(self):
        """Remove what a failed run has created."""
        self.ensure_one()
        self._lock_for_transition()
        if self.state != "failed":
            return self.env._("Not relevant any more: the instance is %(state)s.", state=self.state)
        with self._engine_errors_as_job_errors():
            gone = self._get_provisioner().undo(self._prepare_tenant_spec(), self._prepare_attempt_order())
        self._write_protected({"has_leftovers": False})
        if gone:
            self._log_event("note", self.env._("Removed with the failed run: %(what)s", what=", ".join(gone)))
        return self.env._("Nothing of the failed run is left.")

    def _prepare_attempt_order(self):
        """Return what the engine needs to know before it removes a failed run."""
        why = (self.failure_reason or self.env._("its provisioning failed")).splitlines()[0][:200]
        return dropping.Order("attempt", self._key, self.state, self._get_asker(), why)

    # === FAILURE === #

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to end the provisioning with a reason, and to clean up."""
        super()._on_job_failed(job)
        if job.method_name == "_job_provision_step":
            self._fail_provisioning(job.args[0], self._get_failure_reason(job))
        elif job.method_name == "_job_undo_provisioning":
            self._write_protected({"has_leftovers": True})
            self._log_event(
                "failed",
                self.env._("A failed run could not be removed: %(reason)s", reason=self._get_failure_reason(job)),
                "error",
            )

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled` so that an instance never waits for a job that nobody will run."""
        super()._on_job_cancelled(job)
        if job.method_name == "_job_provision_step":
            self._fail_provisioning(job.args[0], self.env._("Cancelled by %(user)s.", user=self.env.user.name))

    def _restart_after_failure(self, job):
        """Override of `_restart_after_failure`: the failed run was removed, so a retry begins with the first step."""
        if job.method_name == "_job_provision_step" and self.state == "failed":
            return self.with_env(job.env).action_provision()
        return super()._restart_after_failure(job)

    def _fail_provisioning(self, code, reason):
        if self.state not in ("queued", "provisioning"):
            return
        self.step_ids.filtered(lambda step: step.code == code)._fail(reason)
        self._transition("failed", failure_step=code, failure_reason=reason)
        label = self._get_provision_step_labels().get(code, code)
        self._log_event("failed", self.env._("%(step)s: %(reason)s", step=label, reason=reason), "error")
        self._enqueue("_job_undo_provisioning")
        self._notify_progress()
