from odoo import api, fields, models
from odoo.tools import config

from ..compat import Constraint
from ..saas_engine.cluster import Cluster
from ..saas_engine.errors import EngineError


class SaasServer(models.Model):
    """A PostgreSQL cluster and the tenant services in front of it."""

    _name = "saas.server"
    _inherit = ["saas.dashboard.source", "saas.job.mixin", "mail.thread"]
    _description = "Server"
    _order = "sequence, id"

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: every company may use this server.")
    host = fields.Char("Database Host", tracking=True, help="Empty: the cluster that the manager itself runs on.")
    port = fields.Integer("Database Port", tracking=True)
    base_domain = fields.Char(
        tracking=True,
        help="An instance acme is found at acme.<base domain>. Empty: the base domain of the settings.",
    )
    capacity = fields.Integer(default=300, help="How many instances are placed here at most.")
    runtime_ids = fields.One2many("saas.runtime", "server_id", string="Runtimes")
    instance_ids = fields.One2many("saas.instance", "server_id", string="Instances")
    instance_count = fields.Integer(compute="_compute_instance_count", string="Number of Instances")
    last_check = fields.Datetime("Last Test", readonly=True)
    check_state = fields.Selection([("ok", "Connected"), ("failed", "Not Connected")], readonly=True)
    check_message = fields.Text("Result", readonly=True)

    _capacity_positive = Constraint("CHECK (capacity >= 0)", "The capacity can't be negative.")

    def _get_base_domain(self):
        """Return the domain that the instances of this server, or of none yet, are found under."""
        return self.base_domain or self.env["saas.settings"]._get("saas.base_domain")

    def _compute_instance_count(self):
        counts = self._get_instance_counts()
        for server in self:
            server.instance_count = counts[server.id]

    def _get_instance_counts(self):
        """Return how many instances that are not terminated each server has: id -> number."""
        groups = self.env["saas.instance"]._read_group(
            [("server_id", "in", self.ids), ("state", "!=", "terminated")], ["server_id"], ["__count"]
        )
        return dict.fromkeys(self.ids, 0) | {server.id: count for server, count in groups}

    def _get_cluster(self):
        """Return the engine's connection settings of this server, under the manager's role."""
        self.ensure_one()
        host, port = self.host or config["db_host"] or "localhost", self.port or config["db_port"] or 5432
        return Cluster(host, port, manager=self._get_manager())

    def _is_local(self):
        """Tell whether it is the cluster that the manager itself runs on."""
        self.ensure_one()
        own = (config["db_host"] or "localhost", config["db_port"] or 5432)
        return not self.host or (self.host, self.port or 5432) == own

    def _get_runtime(self):
        """Return the shared runtime that new instances of this server go to."""
        self.ensure_one()
        return self.runtime_ids.filtered(lambda runtime: runtime.kind == "shared")[:1]

    @api.model
    def _find_for_placement(self, company):
        """Return the emptiest server that a company may use and that has room, or an empty recordset."""
        servers = self.search([("company_id", "in", [company.id, False]), ("runtime_ids", "!=", False)])
        counts = servers._get_instance_counts()
        free = servers.filtered(lambda server: counts[server.id] < server.capacity)
        return min(free, key=lambda server: (counts[server.id], server.sequence, server.id), default=self.browse())

    def action_test_connection(self):
        """Connect, and write what was found on the form."""
        for server in self:
            try:
                report = server._get_cluster().check()
            except EngineError as error:  # a server that can't be reached is a result of the test
                server._write_check(False, str(error))
            else:
                message = server._prepare_check_message(report)
                server._write_check(not report.missing_rights, message, **server._prepare_measures(report))
        return True

    def _write_check(self, is_ok, message, **measures):
        self.write(
            {
                "last_check": fields.Datetime.now(),
                "check_state": "ok" if is_ok else "failed",
                "check_message": message,
                **measures,
            }
        )

    def _prepare_measures(self, report):
        """Return what is kept of the engine's report: a hook for fields of one's own."""
        return {}

    def _prepare_check_message(self, report):
        """Return the lines that the test shows, from the engine's report."""
        free = self.env._("unknown") if report.free_bytes is None else f"{report.free_bytes / 2**30:.1f} GB"
        lines = [
            self.env._("PostgreSQL %(version)s as %(role)s", version=report.version, role=report.role),
            self.env._("Answers in %(time).1f ms", time=report.latency_ms),
            self.env._("%(count)s tenants published", count=report.tenants),
            self.env._("Free disk: %(free)s", free=free),
        ]
        if report.missing_rights:
            lines.append(self.env._("Missing rights: %(rights)s", rights=", ".join(report.missing_rights)))
            lines.append(self.env._("Run the bootstrap as a superuser of the cluster; it can be repeated."))
        return "\n".join(lines)

    def action_check_sizing(self):
        """Show what the server and its services have beside what they should have.

        :raise AccessError: for those who only look
        """
        self.ensure_one()
        check = self.env["saas.sizing.check"]._make(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Check My Sizing"),
            "res_model": check._name,
            "res_id": check.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_view_instances(self):
        """Open the instances of this server."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_instance_action")
        return {**action, "domain": [("server_id", "=", self.id)]}
