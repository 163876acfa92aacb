from datetime import timedelta

from odoo import api, fields, models

DAYS_KEPT = 30


class SaasReconciliation(models.Model):
    """One comparison of a server with the manager's records. Nobody writes these; they stay for a month."""

    _name = "saas.reconciliation"
    _description = "Reconciliation"
    _order = "id desc"
    _rec_name = "server_id"

    server_id = fields.Many2one("saas.server", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="server_id.company_id", store=True)
    user_id = fields.Many2one("res.users", "Asked by", default=lambda self: self.env.user, readonly=True)
    is_dry_run = fields.Boolean("Dry Run", readonly=True, help="It shows what would be repaired, and changes nothing.")
    record_count = fields.Integer("Records", readonly=True, help="How many records were compared.")
    finding_count = fields.Integer("Differences", readonly=True)
    safe_count = fields.Integer("Repaired by Itself", readonly=True, help="Of a dry run: how many it would repair.")
    manual_count = fields.Integer("For a Person", compute="_compute_manual_count")
    seconds = fields.Float("Time (s)", digits=(10, 2), readonly=True, aggregator="avg")
    problem = fields.Text("What Went Wrong", readonly=True)
    result = fields.Selection(
        [("same", "Nothing Differs"), ("differs", "Differences"), ("failed", "Not Compared")],
        compute="_compute_result",
        store=True,
    )
    line_ids = fields.One2many(
        "saas.reconciliation.line", "reconciliation_id", string="Differences Found", readonly=True
    )

    @api.depends("server_id", "create_date")
    def _compute_display_name(self):
        for run in self:
            when = fields.Datetime.context_timestamp(run, run.create_date or fields.Datetime.now())
            run.display_name = f"{run.server_id.name}, {when:%Y-%m-%d %H:%M}"

    @api.depends("finding_count", "safe_count")
    def _compute_manual_count(self):
        for run in self:
            run.manual_count = run.finding_count - run.safe_count

    @api.depends("finding_count", "problem")
    def _compute_result(self):
        for run in self:
            run.result = "failed" if run.problem else "differs" if run.finding_count else "same"

    def action_repair(self):
        """Have the server reconciled for real, after a look at a dry run."""
        return self.server_id.action_reconcile()

    @api.autovacuum
    def _gc_old(self):
        """Forget old comparisons, but not what is open still."""
        before = fields.Datetime.now() - timedelta(days=DAYS_KEPT)
        old = self.search([("create_date", "<", before)], limit=1000)
        old.filtered(lambda run: not run.line_ids.filtered("is_open")).unlink()
