import json
from datetime import timedelta

from odoo import api, fields, models

from ..saas_engine import usage
from ..saas_engine.errors import EngineError
from .saas_instance_suspension import PUBLISHED_STATES

SHOWN_DAYS = 30


class SaasInstanceUsage(models.Model):
    """An instance's usage per day: how it is measured, and what its form shows of it."""

    _inherit = "saas.instance"

    usage_ids = fields.One2many("saas.usage", "instance_id", string="Usage", groups="saas_manager.group_user")
    usage_problem = fields.Char(
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
        help="Why its own database could not be asked at the last look.",
    )
    usage_requests = fields.Integer(
        "Requests in 30 Days", compute="_compute_usage_figures", groups="saas_manager.group_user"
    )
    usage_graph = fields.Text(compute="_compute_usage_figures", groups="saas_manager.group_user")
    usage_day = fields.Date("Last Look", compute="_compute_usage_figures", groups="saas_manager.group_user")
    usage_users = fields.Integer(
        "Internal Users Then", compute="_compute_usage_figures", groups="saas_manager.group_user"
    )
    usage_storage_mb = fields.Float(
        "Storage (MB)", digits=(16, 1), compute="_compute_usage_figures", groups="saas_manager.group_user"
    )

    @api.depends("usage_ids")
    def _compute_usage_figures(self):
        Usage = self.env["saas.usage"]
        since = Usage._today() - timedelta(days=SHOWN_DAYS - 1)
        rows = Usage.search([("instance_id", "in", self.ids), ("day", ">=", since)]).grouped("instance_id")
        for instance in self:
            own = rows.get(instance._origin, Usage)
            instance.usage_requests = sum(own.mapped("requests"))
            newest = own.filtered("is_measured")[:1]
            instance.usage_day, instance.usage_users = newest.day, newest.users
            instance.usage_storage_mb = newest.storage_mb
            instance.usage_graph = json.dumps(self._prepare_usage_graph(own))

    @api.model
    def _prepare_usage_graph(self, rows):
        """Return what the graph widget draws: the requests of each day that there is a row of.

        The present day, which would look like a fall, is drawn on an instance's first day only.
        """
        rows = rows.filtered("is_complete") or rows
        values = [{"x": fields.Date.to_string(row.day), "y": row.requests} for row in rows.sorted("day")]
        return [{"values": values, "key": self.env._("Requests"), "is_sample_data": not rows}]

    def action_view_usage(self):
        """Open the usage of this instance, day by day."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_usage_action")
        return {**action, "domain": [("instance_id", "=", self.id)], "context": {"search_default_last_30_days": 1}}

    # === MEASURING: what `saas.usage` calls === #

    @api.model
    def _get_usage_batches(self):
        """Return the records to measure, those together that can be asked about at once."""
        return list(self.search([("state", "in", list(PUBLISHED_STATES))], order="id").grouped("runtime_id").values())

    def _get_usage_meter(self, today):
        """Return the engine's look at these instances, all of one runtime.

        :raise EngineError: their cluster does not answer
        """
        names = {instance._key: instance.subdomain for instance in self}
        return usage.Meter(self[:1]._get_provisioner(), names, today) if self else None

    def _prepare_usage_values(self):
        """Return what a new row says of the instance beside its figures: whose it was on that day."""
        self.ensure_one()
        return {"company_id": self.company_id.id, "plan_id": self.plan_id.id, "server_id": self.server_id.id}

    def _measure_safely(self, meter, since):
        """Read the usage of one instance and write it down, so that what goes wrong in it stays in it.

        :param meter: from `_get_usage_meter`
        :param since: the last day that is written down, or None
        :return: the error that kept something from being known, or None
        :raise psycopg2.OperationalError: another transaction was faster
        """
        self.ensure_one()
        if self.state not in PUBLISHED_STATES:
            return None
        error, problem = self._attempt("usage", self._measure_usage, meter, since)
        return EngineError(problem) if problem else error

    def _measure_usage(self, meter, since):
        reading = meter.look_at(self._prepare_tenant_spec(), since)
        self.env["saas.usage"].sudo()._keep(self, reading.days)
        return reading.error

    def _report_usage_error(self, error):
        """Put it on the list of every administrator, once while it lasts, and take it off when it is over.

        :param error: from `_measure_safely`
        """
        self.ensure_one()
        summary = self.env._("Its usage can't be measured")
        if error and not self.usage_problem:
            self._report_problem(str(error), summary)
        elif self.usage_problem and not error:
            self.activity_ids.filtered(lambda activity: activity.summary == summary).unlink()
            self.message_post(body=self.env._("Its usage can be measured again."))
        message = str(error) if error else False
        if self.usage_problem != message:
            self.usage_problem = message

    def _forget_usage_counters(self, complete, today):
        """Delete from the directory what is written down for good.

        :param dict complete: id -> the last day whose figures are final
        :return: how many rows were deleted
        """
        newest = today - timedelta(days=usage.KEEP_DAYS)
        days = {each._key: min(complete[each.id], newest) for each in self if each.id in complete}
        return usage.forget(self.sudo().server_id[:1]._get_cluster(), days) if days else 0
