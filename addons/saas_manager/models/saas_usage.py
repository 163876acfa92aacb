from odoo import api, fields, models

from ..compat import Constraint


class SaasUsage(models.Model):
    """What one resource has used on one day of UTC.

    A figure that nobody knows is empty in the database, so that averages leave it out; Odoo shows it as 0, and the
    views hide it. Plan and server are those of that day.
    """

    _name = "saas.usage"
    _description = "Usage of a Day"
    _order = "day desc, id desc"
    _rec_name = "day"

    day = fields.Date(required=True, readonly=True, index=True, help="From midnight to midnight, UTC.")
    instance_id = fields.Many2one("saas.instance", index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    partner_id = fields.Many2one(related="instance_id.partner_id", string="Customer", store=True, index=True)
    plan_id = fields.Many2one("saas.plan", readonly=True, index=True, ondelete="set null")
    server_id = fields.Many2one("saas.server", readonly=True, ondelete="set null")
    is_complete = fields.Boolean("Complete", readonly=True, help="The day is over: what was counted is final.")
    requests = fields.Integer(readonly=True, help="Answered by the tenant service, files of the web client included.")
    errors = fields.Integer(readonly=True, help="Requests that ended in an error of the server (status 500 and above).")
    error_rate = fields.Float("Errors (%)", digits=(5, 1), compute="_compute_error_rate", aggregator=None)
    mails = fields.Integer(readonly=True, help="Counted per recipient, when they leave through the common relay.")
    cron_seconds = fields.Float(
        "Scheduled Actions (s)", digits=(16, 1), readonly=True, help="What they took of the tenant service's time."
    )
    is_measured = fields.Boolean(
        "Measured", readonly=True, help="The instance's own database has answered on this day: its users are known."
    )
    users = fields.Integer("Internal Users", readonly=True, aggregator="avg")
    has_active_users = fields.Boolean(readonly=True)
    active_users = fields.Integer(
        readonly=True, aggregator="avg", help="Internal users who were there on this day, as the log of devices knows."
    )
    database_mb = fields.Float("Database (MB)", digits=(16, 1), readonly=True, aggregator="avg")
    files_mb = fields.Float("Files (MB)", digits=(16, 1), readonly=True, aggregator="avg")
    storage_mb = fields.Float(
        "Storage (MB)", digits=(16, 1), readonly=True, aggregator="avg", help="Database and files together."
    )

    _instance_day_unique = Constraint("UNIQUE (instance_id, day)", "There is one row per instance and day.")

    @api.depends("requests", "errors")
    def _compute_error_rate(self):
        for row in self:
            row.error_rate = 100 * row.errors / row.requests if row.requests else 0

    @api.depends("day")
    def _compute_display_name(self):
        for row in self:
            names = [row[field].display_name for field in self._get_resource_fields().values() if row[field]]
            row.display_name = ", ".join([*names, fields.Date.to_string(row.day) or ""])

    # === RESOURCES === #

    @api.model
    def _get_resource_fields(self):
        """Return whose usage is kept: name of a model -> the field here that leads to it.

        An addon adds its own model, which has the methods of `saas.instance` that the jobs call, a Many2one here, and
        UNIQUE over it and the day.
        """
        return {"saas.instance": "instance_id"}

    @api.model
    def _keep(self, resource, days):
        """Write down what is known of a resource: one row per day, whatever was there before.

        :param resource: a record of a model that `_get_resource_fields` names
        :param dict days: day -> {name: value}; names that are missing keep what is known of them
        """
        field = self._get_resource_fields()[resource._name]
        rows = self.search([(field, "=", resource.id), ("day", "in", list(days))]).grouped("day")
        new = []
        for day, values in days.items():
            if day in rows:
                rows[day]._refresh(values)
            else:
                new.append({field: resource.id, "day": day, **resource._prepare_usage_values(), **values})
        self.create(new)

    def _refresh(self, values):
        """Write what has changed.

        Of users who were there the larger number counts: the log forgets a visit when the same device comes again.
        """
        self.ensure_one()
        known = self.has_active_users and self.active_users
        values = {**values}
        if known and values.get("active_users", known) < known:
            del values["active_users"]
        # As the column keeps it: sizes are rounded.
        if any(self[name] != self._fields[name].convert_to_cache(value, self) for name, value in values.items()):
            self.write(values)

    @api.model
    def _get_known_days(self, resources, days):
        """Return what is known of resources on some days, for `usage_rules.find`: id -> day -> {name: value}."""
        field = self._get_resource_fields()[resources._name]
        found = {resource.id: {} for resource in resources}
        for row in self.search([(field, "in", resources.ids), ("day", "in", days)]):
            found[row[field].id][row.day] = row._get_known()
        return found

    def _get_known(self):
        """Return the figures of one row that are known: name -> value."""
        self.ensure_one()
        names = ["is_complete", "requests", "errors", "mails", "cron_seconds"]
        names += ["users"] if self.is_measured else []
        names += ["active_users"] if self.has_active_users else []
        # No database is empty: a size of 0 is one that nobody knows.
        names += [name for name in ("database_mb", "storage_mb") if self[name]]
        return {name: self[name] for name in names}
