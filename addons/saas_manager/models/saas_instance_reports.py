import logging
import uuid

from odoo import api, fields, models

from ..saas_engine.directory import Directory
from ..saas_engine.errors import EngineError

_logger = logging.getLogger(__name__)


class SaasInstanceReports(models.Model):
    """What the gateway has found in an instance: once on the timeline and on the administrators' lists, until over."""

    _inherit = "saas.instance"

    gateway_reports = fields.Json(
        readonly=True, copy=False, groups="saas_manager.group_user", help="What the gateway has found, by kind."
    )
    gateway_problem = fields.Char(compute="_compute_gateway_problem", groups="saas_manager.group_user")

    @api.depends("gateway_reports")
    def _compute_gateway_problem(self):
        for instance in self:
            reports = instance.gateway_reports or {}
            messages = [instance._get_report_message(kind, detail) for kind, detail in sorted(reports.items())]
            instance.gateway_problem = "\n".join(messages) or False

    @api.model
    def _cron_read_reports(self):
        """Read what the gateways report. A server that is away is looked at again next time."""
        for server in self.env["saas.server"].search([]):
            try:
                found = Directory(server._get_cluster()).reports()
            except EngineError as error:
                _logger.warning("reports of server %s not read: %s", server.name, error)
                continue
            for instance in self.search(self._get_reported_domain(server, found)):
                instance._update_reports(found.get(instance._key, {}))

    @api.model
    def _get_reported_domain(self, server, keys):
        """Return which instances have a report now, or had one last time."""
        uuids = [str(uuid.UUID(key)) for key in keys]
        return [("server_id", "=", server.id), "|", ("uuid", "in", uuids), ("gateway_reports", "!=", False)]

    def _update_reports(self, reports):
        """Tell people what is new and what is over.

        :param dict reports: kind -> detail, all that is so now
        """
        self.ensure_one()
        before = self.gateway_reports or {}
        if reports == before:
            return
        self._write_protected({"gateway_reports": reports or False})
        for kind in sorted(reports.keys() - before.keys()):
            self._begin_report(kind, reports[kind])
        for kind in sorted(before.keys() - reports.keys()):
            self._end_report(kind)

    def _begin_report(self, kind, detail):
        message = self._get_report_message(kind, detail)
        self._log_event("note", message, "error" if kind == "unguarded" else "warning")
        for user in self._get_failure_users():
            self.sudo().activity_schedule(
                "mail.mail_activity_data_warning", summary=self._get_report_summary(kind), note=message, user_id=user.id
            )

    def _end_report(self, kind):
        summary = self._get_report_summary(kind)
        over = self.env._("Over: %(what)s", what=summary)
        self._log_event("note", over)
        self.sudo().activity_ids.filtered(lambda activity: activity.summary == summary).action_feedback(feedback=over)

    @api.model
    def _get_report_summary(self, kind):
        """Return the few words on an activity for a kind of report. Addons add their own."""
        return {
            "surplus_users": self.env._("More internal users than the plan allows"),
            "unguarded": self.env._("Not served: saas_tenant is missing"),
        }.get(kind, kind)

    @api.model
    def _get_report_message(self, kind, detail):
        """Return in words what a gateway has found. Addons add their own.

        :param dict detail: what stands in the directory
        """
        if kind == "surplus_users":
            return self.env._(
                "It has %(users)s internal users, the plan allows %(limit)s. The newest can't sign in until users are"
                " archived or the plan is larger.",
                users=detail.get("users"),
                limit=detail.get("limit"),
            )
        if kind == "unguarded":
            return self.env._(
                "Its database is not served: the app %(addon)s, which holds the limits of the plan, is not installed in"
                " it. Somebody has removed it by SQL, or it could not be loaded. Restore a backup, or install it again"
                " with odoo-bin.",
                addon=detail.get("addon"),
            )
        return self._get_report_summary(kind)
