from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..compat import Constraint
from ..saas_engine import reconcile

OPEN_STATES = ("open", "fixing", "failed")


class SaasReconciliationLine(models.Model):
    """One difference between what is recorded and what is real. It lives until it is over, from run to run.

    Lines of a dry run only show what would be done; they belong to that run alone.
    """

    _name = "saas.reconciliation.line"
    _inherit = ["saas.job.mixin"]
    _description = "Difference"
    _order = "is_open desc, is_safe, id desc"

    reconciliation_id = fields.Many2one(
        "saas.reconciliation", "Last Found by", required=True, index=True, ondelete="cascade", readonly=True
    )
    server_id = fields.Many2one(related="reconciliation_id.server_id", store=True, index=True)
    company_id = fields.Many2one(related="server_id.company_id", store=True)
    kind = fields.Selection(lambda self: self._get_kinds(), "What", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    key = fields.Char(readonly=True, groups="saas_manager.group_user")
    runtime = fields.Char(readonly=True)
    recorded = fields.Text(readonly=True, help="What the records say. Empty: nothing.")
    real = fields.Text("Found", readonly=True, help="What there is on the server. Empty: nothing.")
    fix = fields.Selection(lambda self: self._get_fixes(), "Proposed", readonly=True)
    is_safe = fields.Boolean("Repaired by Itself", readonly=True)
    instance_id = fields.Many2one("saas.instance", index=True, ondelete="set null", readonly=True)
    first_seen = fields.Datetime("Since", default=fields.Datetime.now, required=True, readonly=True)
    state = fields.Selection(
        [
            ("preview", "Dry Run"),
            ("open", "Unresolved"),
            ("fixing", "Being Fixed"),
            ("failed", "Fix Failed"),
            ("fixed", "Fixed"),
            ("over", "Over by Itself"),
            ("ignored", "Ignored"),
        ],
        required=True,
        default="open",
        index=True,
        readonly=True,
    )
    is_open = fields.Boolean(compute="_compute_is_open", store=True)
    failure = fields.Text("Why It Was Not Fixed", readonly=True)
    fixed_by_id = fields.Many2one("res.users", "Fixed by", readonly=True)
    fixed_at = fields.Datetime("Fixed", readonly=True)
    dump_path = fields.Char("Dump", readonly=True, groups="saas_manager.group_administrator")
    dump_size = fields.Integer(readonly=True, groups="saas_manager.group_administrator")
    dump_sha256 = fields.Char(readonly=True, groups="saas_manager.group_administrator")

    _one_open = Constraint(
        "EXCLUDE (server_id WITH =, kind WITH =, name WITH =) WHERE (state IN ('open', 'fixing', 'failed', 'ignored'))",
        "This difference is known already.",
    )

    @api.depends("state")
    def _compute_is_open(self):
        for line in self:
            line.is_open = line.state in OPEN_STATES

    @api.depends("kind", "name")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for line in self:
            line.display_name = f"{labels.get(line.kind)}: {line.name}"

    @api.model
    def _get_kinds(self):
        """Return what people read for each kind of `saas_engine/reconcile.py`."""
        return [
            ("database_missing", self.env._("Database Missing")),
            ("database_renamed", self.env._("Database Has Another Name")),
            ("database_access", self.env._("Database Open or Closed by Mistake")),
            ("database_leftover", self.env._("Database Left Over")),
            ("database_orphan", self.env._("Database Without a Record")),
            ("database_remains", self.env._("Remains of a Database")),
            ("role_missing", self.env._("Role Missing")),
            ("role_differs", self.env._("Role Changed")),
            ("role_leftover", self.env._("Role Left Over")),
            ("role_orphan", self.env._("Role Without a Record")),
            ("folder_missing", self.env._("Files Missing")),
            ("folder_orphan", self.env._("Files Without a Record")),
            ("draft", self.env._("Draft of a Run That Was Killed")),
            ("entry_missing", self.env._("Address Not Published")),
            ("entry_differs", self.env._("Published Differently")),
            ("entry_leftover", self.env._("Address Still Published")),
            ("entry_orphan", self.env._("Address Without a Record")),
            ("spare_orphan", self.env._("Spare Clone Without a Record")),
            ("route_differs", self.env._("Route Differs")),
        ]

    @api.model
    def _get_fixes(self):
        """Return what people read for each fix of `saas_engine/reconcile.py`; each is a method `_fix_<code>`."""
        return [
            ("publish", self.env._("Publish it again")),
            ("role", self.env._("Put the role back")),
            ("open", self.env._("Let its tenant in again")),
            ("withdraw", self.env._("Take it out of the directory")),
            ("end_clone", self.env._("Remove the clone and its record")),
            ("adopt", self.env._("Remove the clone")),
            ("drop_draft", self.env._("Remove the draft")),
            ("rename_back", self.env._("Give it its name back")),
            ("seal", self.env._("Seal the template again")),
            ("rebuild", self.env._("Build the template")),
            ("reopen", self.env._("Open the copy again")),
            ("discard_workshop", self.env._("Discard the copy")),
            ("discard_version", self.env._("Drop the version")),
            ("undo", self.env._("Remove the failed attempt")),
            ("remove", self.env._("Remove what is left; the final backup stays")),
            ("withdraw_unknown", self.env._("Take it out of the directory")),
            ("drop_role", self.env._("Drop the role")),
            ("drop_spare", self.env._("Drop it; it can be made again")),
            ("drop_remains", self.env._("Drop what is left of it")),
            ("back_up_and_drop", self.env._("Keep a dump, then drop it")),
        ]

    # === WHAT RUNS WRITE === #

    @api.model
    def _prepare_values(self, finding, run):
        """Return the fields of a line, from a `Finding` of the engine."""
        values = {name: getattr(finding, name) for name in ("kind", "name", "key", "runtime", "recorded", "real")}
        return {**values, "fix": finding.fix or False, "is_safe": finding.is_safe, "reconciliation_id": run.id}

    def _to_finding(self):
        """Return the engine's finding that this line tells of."""
        self.ensure_one()
        texts = {name: self[name] or "" for name in ("kind", "name", "key", "runtime", "recorded", "real", "fix")}
        return reconcile.Finding(is_safe=self.is_safe, **texts)

    # === BUTTONS === #

    def action_fix(self):
        """Queue the proposed fix of open lines.

        :raise AccessError: to whoever may not fix it: managers may, and administrators alone where something is dropped
        """
        for line in self:
            line._check_may_fix()
            line._begin_fix()
        return True

    def action_ignore(self):
        """Leave lines as they are, and tell nobody about them again until they are over."""
        self._check_is_manager()
        self.filtered(lambda line: line.state in ("open", "failed")).sudo().write({"state": "ignored"})
        self.sudo().server_id._tell_of_differences()
        return True

    def action_reopen(self):
        """Look again at lines that were ignored."""
        self._check_is_manager()
        self.filtered(lambda line: line.state == "ignored").sudo().write({"state": "open"})
        return True

    def _check_is_manager(self):
        if not self.env.user.has_group("saas_manager.group_manager"):
            raise AccessError(self.env._("Differences are dealt with by managers."))
        self.check_access("read")

    def _check_may_fix(self):
        self._check_is_manager()
        if self.fix in self._get_dropping_fixes() and not self.env.user.has_group("saas_manager.group_administrator"):
            raise AccessError(self.env._("Only an administrator of the SaaS manager may drop what no record knows."))
        if not self.fix:
            raise UserError(self.env._("There is no fix by a click: only a person can tell what is to be done."))
        if self.state not in ("open", "failed"):
            raise UserError(self.env._("Only an open difference can be fixed. Reconcile the server to look anew."))

    @api.model
    def _get_dropping_fixes(self):
        """Return the fixes that drop what no record of an instance, a template or a clone answers for."""
        return {"drop_role", "drop_spare", "drop_remains", "back_up_and_drop", "remove"}

    def _begin_fix(self):
        self._lock()
        if self.state in ("open", "failed"):
            # A dump of an earlier attempt is not the last one any more.
            forgotten = dict.fromkeys(("failure", "dump_path", "dump_size", "dump_sha256"), False)
            self.sudo().write({**forgotten, "state": "fixing", "fixed_by_id": self.env.uid})
            self._enqueue("_job_fix")
            self._notify_progress()

    def _lock(self):
        """Make two who fix at the same moment wait for each other."""
        self.env.cr.execute(SQL("SELECT id FROM saas_reconciliation_line WHERE id = %s FOR NO KEY UPDATE", self.id))
        self.invalidate_recordset(["state"])

    # === FAILURE === #

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the job of a difference."""
        if method == "_job_fix":
            return dict(self._fields["fix"]._description_selection(self.env)).get(self.fix)
        return super()._get_job_label(method, *args)

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to keep why; the server's activity tells people."""
        if job.method_name == "_job_fix":
            self._give_up(self._get_failure_reason(job))

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled`: what nobody will fix is open again."""
        super()._on_job_cancelled(job)
        if job.method_name == "_job_fix":
            self._give_up(self.env._("Cancelled by %(user)s.", user=self.env.user.name))

    def _give_up(self, reason):
        if self.state == "fixing":
            self.sudo().write({"state": "failed", "failure": reason})
            self._notify_progress()
            self.sudo().server_id._tell_of_differences()
