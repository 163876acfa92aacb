from datetime import timedelta

from odoo import api, fields, models

from ..compat import Constraint

DAYS_IN_USE = 7


class SaasTemplatePool(models.Model):
    """How many clones of a template wait for customers."""

    _inherit = "saas.template"

    has_pool = fields.Boolean(
        "Keep Clones Ready", default=True, help="New instances take one that waits, and are there at once."
    )
    pool_min = fields.Integer("At Least", help="So many clones wait even if nobody has asked for this template.")
    pool_clone_ids = fields.One2many("saas.pool.clone", "template_id", string="Clones in the Pool", readonly=True)
    pool_ready = fields.Integer("Ready", compute="_compute_pool", help="Clones that wait for a customer.")
    pool_target = fields.Integer(
        "Wanted",
        compute="_compute_pool",
        help="As many as were asked for in the last hour, at least one while the template was used within a week.",
    )

    _pool_limits = Constraint("CHECK (pool_min >= 0)", "The size of a pool can't be negative.")

    @api.depends("has_pool", "pool_min", "pool_clone_ids.state")
    def _compute_pool(self):
        counts = self._origin._get_pool_counts()
        for template in self:
            found = counts.get(template._origin.id, {})
            template.pool_ready, template.pool_target = found.get("ready", 0), found.get("target", 0)

    def _get_pool_counts(self):
        """Return what each of these templates has waiting: id -> {"ready", "filling", "target"}, in three queries."""
        domain = [("template_id", "in", self.ids), ("state", "in", ("ready", "filling"))]
        groups = self.env["saas.pool.clone"]._read_group(domain, ["template_id", "state"], ["__count"])
        clones = {(template.id, state): count for template, state, count in groups}
        hour, week = self._get_requests(hours=1), self._get_requests(days=DAYS_IN_USE)
        return {
            template.id: {
                "ready": clones.get((template.id, "ready"), 0),
                "filling": clones.get((template.id, "filling"), 0),
                "target": template._get_pool_target(hour.get(template.id, 0), week.get(template.id, 0)),
            }
            for template in self
        }

    def _get_requests(self, **period):
        """Return how often each template was asked for lately: id -> number."""
        since = fields.Datetime.now() - timedelta(**period)
        domain = [("template_id", "in", self.ids), ("requested_at", ">=", since)]
        groups = self.env["saas.instance"].sudo()._read_group(domain, ["template_id"], ["__count"])
        return {template.id: count for template, count in groups}

    def _get_pool_target(self, last_hour, last_week):
        """Return how many clones should wait. The settings limit it on both sides.

        :param int last_hour: how often the template was asked for in the last hour
        :param int last_week: the same within `DAYS_IN_USE`
        """
        self.ensure_one()
        if not (self.database and self.active and self.has_pool):
            return 0
        settings = self.env["saas.settings"]
        in_use = max(1, settings._get("saas.pool_min")) if last_week else 0
        return min(settings._get("saas.pool_max"), max(self.pool_min, in_use, last_hour))

    # === JOBS === #

    def _adjust_pool(self):
        """Have the pool brought to its size. One job at a time: two would make too many.

        The version is part of the job's identity: to the long transaction of a build, a job that waited when it began
        seems to wait still.
        """
        for template in self.filtered("database"):
            template._enqueue("_job_adjust_pool", template.database)

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the job of the pool."""
        if method == "_job_adjust_pool":
            return self.env._("Adjust the pool")
        return super()._get_job_label(method, *args)

    def _job_adjust_pool(self, database):
        """Remove clones of older versions and those that are too many, and have the missing ones made.

        :param str database: the version in use when the job was queued
        """
        self.ensure_one()
        if database != self.database:
            return self.env._("Not relevant any more: the template has a newer version.")
        present = self.pool_clone_ids.filtered(lambda clone: clone.state in ("filling", "ready", "failed"))
        current = present.filtered(lambda clone: clone.database == self.database)
        target = self._get_pool_counts()[self.id]["target"]
        # The newest go first: one that is being made is given up before one that is there.
        surplus = (present - current) | current[: max(len(current) - target, 0)]
        surplus._discard()
        for _number in range(target - len(current)):
            self.env["saas.pool.clone"]._start(self)
        return self.env._("%(count)s of %(target)s clones are there.", count=len(current), target=target)

    # === WHAT CHANGES THE SIZE === #

    def _swap_in(self, database, build):
        """Override of `_swap_in`: clones of the version before are not given to anybody any more."""
        result = super()._swap_in(database, build)
        self._adjust_pool()
        return result

    def write(self, values):
        """Override of `write` to let pools follow their limits."""
        result = super().write(values)
        if {"has_pool", "pool_min", "active"} & values.keys():
            self._adjust_pool()
        return result

    def action_view_pool(self):
        """Open the clones of this template."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_pool_clone_action")
        return {**action, "domain": [("template_id", "=", self.id)]}
