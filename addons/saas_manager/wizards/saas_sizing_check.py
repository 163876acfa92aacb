import os
import re

from odoo import api, fields, models
from odoo.tools import config

from odoo.addons.queue_job.jobrunner import queue_job_config

from ..saas_engine import role_settings, sizing, sizing_check

JOB_SLOTS = re.compile(r"\s*root:(\d+)")


class SaasSizingCheck(models.TransientModel):
    """What a server has beside what it should have, as docs/sizing.md says, and what to do about it."""

    _name = "saas.sizing.check"
    _inherit = ["saas.engine.mixin"]
    _description = "Check of a Server's Size"

    server_id = fields.Many2one("saas.server", required=True, readonly=True)
    tenants = fields.Integer(readonly=True)
    summary = fields.Char(compute="_compute_summary")
    is_fine = fields.Boolean(compute="_compute_summary")
    line_ids = fields.One2many("saas.sizing.check.line", "check_id", readonly=True)

    @api.depends("line_ids.state")
    def _compute_summary(self):
        for check in self:
            wrong = check.line_ids.filtered(lambda line: line.state in ("small", "large"))
            check.is_fine = not wrong
            check.summary = (
                self.env._("%(count)s of %(all)s sizes should be changed.", count=len(wrong), all=len(check.line_ids))
                if wrong
                else self.env._("Everything is as large as it should be.")
            )

    def action_check_again(self):
        """Look again, and show what is found now."""
        self.ensure_one()
        return self.server_id.action_check_sizing()

    @api.model
    def _make(self, server):
        """Look at a server and its services, and return what was found as a check.

        :raise UserError: the server, or what a service was started with, can't be read
        """
        with self._engine_errors_as_user_errors():
            runtimes = [runtime._get_runtime() for runtime in server.runtime_ids]
            found = sizing_check.read(server._get_cluster())
        services = [sizing_check.ServiceSize.of(runtime) for runtime in runtimes]
        connections = self._get_least_plan_connections()
        findings = sizing_check.findings(found, services, self._get_given(), server.instance_count, connections)
        lines = [self._prepare_line(number, finding) for number, finding in enumerate(findings)]
        values = {"server_id": server.id, "tenants": server.instance_count}
        return self.create({**values, "line_ids": [fields.Command.create(line) for line in lines]})

    @api.model
    def _get_given(self):
        """Return what this manager was started with, as far as the formula needs it."""
        channels = os.environ.get("ODOO_QUEUE_JOB_CHANNELS") or queue_job_config.get("channels") or ""
        slots = JOB_SLOTS.match(channels)
        return sizing.Given(
            manager_workers=config["workers"] or 1,
            manager_cron_workers=config["max_cron_threads"] or 1,
            job_slots=int(slots[1]) if slots else sizing.Given.job_slots,
        )

    @api.model
    def _get_least_plan_connections(self):
        """Return the lowest limit of connections that an instance may get from its plan."""
        limits = self.env["saas.plan"].search([]).mapped("connection_limit")
        return min(limits, default=role_settings.DEFAULTS["max_connections"])

    @api.model
    def _prepare_line(self, sequence, finding):
        line = self.env["saas.sizing.check.line"]
        name, advice = line._get_texts()[finding.code]
        return {
            "sequence": sequence,
            "code": finding.code,
            "name": name,
            "actual": self.env._("unknown") if finding.actual is None else line._format(finding.code, finding.actual),
            "wanted": line._format_wanted(finding),
            "state": finding.state,
            "advice": advice if finding.state in ("small", "large") else False,
        }


class SaasSizingCheckLine(models.TransientModel):
    """One size."""

    _name = "saas.sizing.check.line"
    _description = "Size of a Server"
    _order = "sequence, id"

    check_id = fields.Many2one("saas.sizing.check", required=True, ondelete="cascade")
    sequence = fields.Integer()
    code = fields.Char(required=True)
    name = fields.Char("What", required=True)
    actual = fields.Char("Is")
    wanted = fields.Char("Should Be")
    state = fields.Selection(
        [("fine", "Fine"), ("small", "Too small"), ("large", "Too many"), ("unknown", "Unknown")], required=True
    )
    advice = fields.Char("What to Do")

    @api.model
    def _get_texts(self):
        """Return what each size is called, and what to do if it is not as it should be: code -> (name, advice)."""
        _ = self.env._
        return {
            "max_connections": (
                _("Connections that PostgreSQL takes (max_connections)"),
                _("Set SAAS_PG_MAX_CONNECTIONS, or max_connections of your PostgreSQL, and restart it."),
            ),
            "connections": (
                _("Connections that are open now"),
                _("More than the services can account for: look who they are in pg_stat_activity."),
            ),
            "plan_connections": (
                _("Connections that a plan allows a tenant"),
                _("Raise the plan's limit, or run fewer processes."),
            ),
            "registries": (
                _("Tenants that each process keeps ready"),
                _("Raise SAAS_TENANTS and SAAS_TENANT_MEMORY, or run fewer workers. Tenants beyond it answer slower."),
            ),
            "limit_memory_soft": (
                _("Memory after which a process is replaced (limit_memory_soft)"),
                _("Start the service with the arguments of docs/sizing.md: its processes are replaced all the time."),
            ),
            "memory": (
                _("Memory of the machine"),
                _("Add memory, or lower SAAS_TENANTS: services that keep all their tenants ready outgrow it."),
            ),
            "shared_buffers": (
                _("PostgreSQL's own cache (shared_buffers)"),
                _("Set SAAS_PG_SHARED_BUFFERS, or shared_buffers of your PostgreSQL, and restart it."),
            ),
            "autovacuum_naptime": (
                _("Time between two visits of autovacuum (autovacuum_naptime)"),
                _("Set SAAS_PG_AUTOVACUUM_NAPTIME: with this many databases the visits alone are a load."),
            ),
        }

    @api.model
    def _format_wanted(self, finding):
        text = self._format(finding.code, finding.wanted)
        if finding.is_most:
            return self.env._("at most %(size)s", size=text)
        return self.env._("at least %(size)s", size=text)

    @api.model
    def _format(self, code, number):
        """Return a number with its unit, as people read it."""
        if code in ("limit_memory_soft", "memory", "shared_buffers"):
            if number < sizing.GIB:
                return self.env._("%(size)s MiB", size=number // sizing.MIB)
            gib = self.env["ir.qweb.field.float"].value_to_html(number / sizing.GIB, {"precision": 1})
            return self.env._("%(size)s GiB", size=gib)
        if code == "autovacuum_naptime":
            return self.env._("%(number)s min", number=-(-number // 60))
        return str(number)
