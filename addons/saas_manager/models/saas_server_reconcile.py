import logging
import time

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..saas_engine import reality, reconcile
from ..saas_engine.errors import EngineError
from .saas_reconciliation_line import OPEN_STATES

_logger = logging.getLogger(__name__)
SECONDS_UNTIL_SECOND_LOOK = 5


class SaasServerReconcile(models.Model):
    """A server is compared with the records every hour: what is safe is repaired, the rest is put before people.

    A difference counts when two looks have found it, in two transactions: what a job is about to write is none.
    """

    _inherit = "saas.server"

    reconciliation_ids = fields.One2many("saas.reconciliation", "server_id", string="Reconciliations", readonly=True)
    difference_ids = fields.One2many("saas.reconciliation.line", "server_id", string="Differences", readonly=True)
    difference_count = fields.Integer(compute="_compute_difference_count", string="Open Differences")

    @api.depends("difference_ids.state")
    def _compute_difference_count(self):
        groups = self.env["saas.reconciliation.line"]._read_group(
            [("server_id", "in", self.ids), ("state", "in", OPEN_STATES)], ["server_id"], ["__count"]
        )
        counts = {server.id: count for server, count in groups}
        for server in self:
            server.difference_count = counts.get(server.id, 0)

    # === BUTTONS === #

    def action_check_now(self):
        """Compare at once, and show what a reconciliation would do. Nothing on the server changes."""
        self.ensure_one()
        self._check_may_reconcile()
        run = self._compare(is_dry_run=True)
        return {
            "type": "ir.actions.act_window",
            "res_model": run._name,
            "res_id": run.id,
            "view_mode": "form",
        }

    def action_reconcile(self):
        """Queue a reconciliation: what is safe is repaired."""
        self._check_may_reconcile()
        for server in self:
            server._enqueue("_job_reconcile", priority=5)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The server is compared and repaired now; it takes some seconds."),
            },
        }

    def action_view_differences(self):
        """Open what is not as recorded on this server."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_reconciliation_line_action")
        return {**action, "domain": [("server_id", "=", self.id), ("state", "!=", "preview")]}

    def _check_may_reconcile(self):
        self.check_access("read")
        if not self.env.user.has_group("saas_manager.group_manager"):
            raise AccessError(self.env._("Servers are reconciled by managers."))

    # === JOBS === #

    @api.model
    def _cron_reconcile(self):
        """Queue the reconciliation of every server; one that waits already is not queued twice."""
        for server in self.search([]):
            server._enqueue("_job_reconcile")

    def _job_reconcile(self, seen=None):
        """Compare; repair what is safe and was seen by two looks, and keep the rest.

        :param list seen: what the first look has found, as `Finding.identity` in lists; None: this is the first
        """
        self.ensure_one()
        if not self._is_alone():
            return self.env._("Not relevant any more: another reconciliation of this server is at work.")
        first_look = self._look_first() if seen is None else []
        if first_look:
            self._enqueue("_job_reconcile", first_look, eta=SECONDS_UNTIL_SECOND_LOOK)
            return self.env._("%(count)s differences; a second look follows.", count=len(first_look))
        run = self._compare(seen={tuple(each) for each in seen or ()})
        return self.env._("%(found)s differences, %(safe)s repaired.", found=run.finding_count, safe=run.safe_count)

    def _is_alone(self):
        """Tell whether no other transaction reconciles this server; if so, none begins before this one ends."""
        self.env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", f"saas:server:{self.id}"))
        return self.env.cr.fetchone()[0]

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the job of a server."""
        if method == "_job_reconcile":
            return self.env._("Compare records and server")
        return super()._get_job_label(method, *args)

    # === THE COMPARISON === #

    def _look_first(self):
        """Return what differs now: identities, in lists."""
        try:
            return [list(finding.identity) for finding in self._find_differences()[0]]
        except EngineError:  # the comparison that follows meets it again, and writes it down
            return []

    def _find_differences(self, key=None):
        """Compare records and server.

        :param str key: of the only record that is of interest; None: all
        :return: (findings, number of records compared)
        :raise EngineError: the server is away, or belongs to another manager
        """
        self.ensure_one()
        server = self.sudo().with_context(active_test=False)
        records, known = server._get_records(key)
        found = reality.read(server._get_cluster(), server._get_loaded_runtimes(), server._get_routes())
        return reconcile.compare(records, known, found), len(records)

    def _get_loaded_runtimes(self):
        """Return the engine's runtimes of this server; one without its file has no files to compare."""
        loaded = []
        for runtime in self.runtime_ids.filtered(lambda each: each.state != "removed"):
            try:
                loaded.append(runtime._get_runtime())
            except EngineError as error:
                _logger.warning("files of runtime %s not compared: %s", runtime.code, error)
        return loaded

    def _get_routes(self):
        """Return which hosts the proxy is told to lead to each dedicated runtime: code -> hosts. A hook."""
        own = self.runtime_ids.filtered(lambda each: each.kind == "dedicated" and each.state not in (False, "removed"))
        return {runtime.code: runtime._get_kept_hosts() for runtime in own} if own and own._has_keeper() else {}

    def _compare(self, is_dry_run=False, seen=frozenset()):
        """Compare, and write down what was found.

        :param bool is_dry_run: only show it
        :param set seen: what a first look has found, too; nothing else counts but what was open already
        :return: the `saas.reconciliation`
        """
        started, problem, findings, count = time.monotonic(), False, [], 0
        try:
            findings, count = self._find_differences()
        except EngineError as error:  # a server that is away is a result, too
            problem = str(error)
        run = (
            self.env["saas.reconciliation"]
            .sudo()
            .create(
                {
                    "server_id": self.id,
                    "user_id": self.env.uid,
                    "is_dry_run": is_dry_run,
                    "record_count": count,
                    "seconds": time.monotonic() - started,
                    "problem": problem,
                }
            )
        )
        if not problem:
            run._keep_preview(findings) if is_dry_run else run._keep_findings(findings, seen)
        return run

    def _tell_of_differences(self):
        """Have one activity for each administrator while a person is needed, and end it when it is over."""
        summary = self.env._("The server differs from the records")
        for server in self:
            manual = server.difference_ids.filtered(lambda line: line._needs_a_person())
            if manual:
                names = "\n".join(manual[:20].mapped("display_name"))
                server._report_problem(self.env._("It needs you:\n%(names)s", names=names), summary)
            else:
                told = server.sudo().activity_ids.filtered(lambda activity: activity.summary == summary)
                told.action_feedback(feedback=self.env._("Nothing differs any more that needs a person."))
