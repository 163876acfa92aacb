from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.queue_job.exception import RetryableJobError

from ..compat import Constraint
from ..saas_engine import dropping, naming
from ..saas_engine.errors import InvalidNameError
from ..saas_engine.template_build import TemplateBuilder, TemplateSpec


class SaasTemplate(models.Model):
    """What instances are cloned from: a vertical in a country and a language.

    Each build makes a new version, verified and sealed before it takes the place of the one in use. A build that
    fails changes nothing for customers.
    """

    _name = "saas.template"
    _inherit = ["saas.dashboard.source", "saas.lifecycle.mixin", "saas.job.mixin", "mail.thread"]
    _description = "Template"
    _order = "sequence, id"

    _lifecycle = {
        "building": ("draft", "ready", "failed"),
        "ready": ("building",),
        "failed": ("building",),
    }
    _lifecycle_protected = frozenset(
        "state version database built_at base_template_id variants_made built_from made_by_hand skipped_for".split()
    )
    _dashboard_fields = frozenset({"state", "database", "active"})
    _fixed_when_built = frozenset({"code", "runtime_id"})

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(required=True, copy=False, help="Part of the database names: letters, digits and underscores.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Text(translate=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: every company sells it.")
    vertical = fields.Selection(
        [("blank", "Blank")], required=True, default="blank", help="The kind of business that the template is made for."
    )
    country_id = fields.Many2one("res.country", ondelete="restrict")
    lang = fields.Char("Language", default="en_US", required=True, help="A code such as en_US, de_DE, fr_FR.")
    modules = fields.Char(required=True, help="Technical names, separated by commas. saas_tenant is always added.")
    runtime_id = fields.Many2one(
        "saas.runtime",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env["saas.runtime"].search([("kind", "=", "shared")], limit=1),
    )
    release_id = fields.Many2one(related="runtime_id.release_id", store=True)
    state = fields.Selection(
        [("draft", "Not Built"), ("building", "Building"), ("ready", "Ready"), ("failed", "Failed")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    version = fields.Integer(default=0, readonly=True, copy=False)
    database = fields.Char("Version in Use", readonly=True, copy=False, help="The sealed database that is cloned.")
    built_at = fields.Datetime("Built", readonly=True, copy=False)
    build_ids = fields.One2many("saas.template.build", "template_id", string="Builds", readonly=True)
    build_log = fields.Text("Log", compute="_compute_last_build")
    build_error = fields.Text("Why the Last Build Failed", compute="_compute_last_build")
    build_progress = fields.Char("Progress", compute="_compute_last_build")
    instance_ids = fields.One2many("saas.instance", "template_id", string="Instances")
    instance_count = fields.Integer(compute="_compute_instance_count", string="Number of Instances")

    _code_unique = Constraint("UNIQUE (code)", "Another template has this code.")

    @api.depends("build_ids.log", "build_ids.error", "build_ids.progress")
    def _compute_last_build(self):
        for template in self:
            build = template.build_ids[:1]
            template.build_log, template.build_error, template.build_progress = build.log, build.error, build.progress

    def _compute_instance_count(self):
        groups = self.env["saas.instance"]._read_group(
            [("template_id", "in", self.ids), ("state", "!=", "terminated")], ["template_id"], ["__count"]
        )
        counts = {template.id: count for template, count in groups}
        for template in self:
            template.instance_count = counts.get(template.id, 0)

    @api.constrains("code")
    def _check_code(self):
        for template in self:
            try:
                naming.template_database(template.code, 0)
            except InvalidNameError as error:
                raise ValidationError(
                    self.env._("A code has at most 40 lower-case letters, digits and underscores, a letter first.")
                ) from error

    def write(self, values):
        """Override of `write` to keep fixed what databases are named after and where they are."""
        if self._fixed_when_built.intersection(values) and any(template.version for template in self):
            raise UserError(self.env._("Code and runtime can't be changed after the first build. Copy the template."))
        return super().write(values)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_built(self):
        if any(template.database or template.state == "building" for template in self):
            raise UserError(self.env._("A template that was built is archived, not deleted: instances may need it."))

    # === ACTIONS === #

    def action_build(self):
        """Queue the build of a new version."""
        return self._queue_build()

    def _queue_build(self):
        for template in self._transition("building"):
            build = template._start_build()
            template._enqueue("_job_build", build.id)
        return True

    def _start_build(self, **values):
        """Count the version up and return the record of how it is made."""
        self.ensure_one()
        self._write_protected({"version": self.version + 1})
        values = {"template_id": self.id, "version": self.version, **values}
        build = self.env["saas.template.build"].sudo().create(values)
        self.invalidate_recordset(["build_ids"])  # read again, newest first
        return build

    def action_view_instances(self):
        """Open the instances of this template."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_instance_action")
        return {
            **action,
            "domain": [("template_id", "=", self.id)],
            "context": {"default_template_id": self.id},
        }

    # === JOBS === #

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of a template."""
        labels = {
            "_job_build": self.env._("Build version %(version)s", version=self.version),
            "_job_discard": self.env._("Drop a version that was replaced"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)

    def _get_builder(self):
        runtime = self.sudo().runtime_id
        return TemplateBuilder(runtime.server_id._get_cluster(), runtime._get_runtime(), self._get_engine_settings())

    def _prepare_template_spec(self, version):
        """Return what the engine needs to know to build this template."""
        modules = [name.strip() for name in self.modules.split(",") if name.strip()]
        return TemplateSpec(
            code=self.code,
            version=version,
            modules=list(dict.fromkeys([*modules, "saas_tenant"])),
            lang=self.lang,
            country=self.country_id.code or "",
            currency=self.currency_id.name or "",
            tz=self.tz or "",
            paper=self.paper or "",
        )

    def _job_build(self, build_id):
        """Build a version and swap it in.

        :param int build_id: the `saas.template.build` that keeps the log
        """
        self.ensure_one()
        build = self.env["saas.template.build"].browse(build_id)
        if self.state != "building" or build.version != self.version:
            return self.env._("Not relevant any more.")
        with build._open_log() as log, self._engine_errors_as_job_errors():
            database = self._get_builder().build(self._prepare_template_spec(build.version), log=log)
        self._swap_in(database, build)
        return database

    def _swap_in(self, database, build):
        """Use the new version from now on; the old one goes when nobody clones it any more."""
        previous = self.database
        self._transition("ready", database=database, built_at=fields.Datetime.now())
        build._finish()
        self.env["saas.event"]._log(self, "built", self.env._("Version %(version)s is in use.", version=build.version))
        if previous and previous != database:
            self._enqueue("_job_discard", previous)
        self._notify_progress()

    def _job_discard(self, database):
        """Drop a version that was replaced, once no provisioning uses it.

        :param str database: name of the sealed database
        """
        self.ensure_one()
        if database == self.database:
            return self.env._("Not relevant any more: this version is in use.")
        users = [("template_database", "=", database), ("state", "in", ("queued", "provisioning"))]
        if self.env["saas.instance"].search_count(users, limit=1):
            raise RetryableJobError(self.env._("The version is still being cloned."), seconds=60, ignore_retry=True)
        with self._engine_errors_as_job_errors():
            self._get_builder().discard(database, self._prepare_order(database))
        return self.env._("%(database)s was dropped.", database=database)

    def _prepare_order(self, database):
        """Return what the engine needs to know before it drops a version.

        :param str database: name of the sealed database
        """
        state = "in use" if database == self.database else "replaced"
        why = self.env._("a newer version is in use")
        return dropping.Order("template", naming.template_key(database), state, self._get_asker(), why)

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to end a build with its reason; the version in use stays."""
        super()._on_job_failed(job)
        if job.method_name == "_job_build":
            self._fail_build(self._get_failure_reason(job))

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled` so that a template never waits for a job that nobody will run."""
        super()._on_job_cancelled(job)
        if job.method_name == "_job_build":
            self._fail_build(self.env._("Cancelled by %(user)s.", user=self.env.user.name))

    def _restart_after_failure(self, job):
        """Override of `_restart_after_failure`: a failed build left nothing, so a retry is a new build."""
        if job.method_name == "_job_build" and self.state in ("ready", "failed"):
            return self.with_env(job.env)._queue_build()
        return super()._restart_after_failure(job)

    def _fail_build(self, reason):
        if self.state != "building":
            return
        self.build_ids[:1]._fail(reason)
        self._transition("ready" if self.database else "failed")
        message = self.env._("The build of version %(version)s failed.", version=self.version)
        self.env["saas.event"]._log(self, "failed", message, "error")
        self._notify_progress()
