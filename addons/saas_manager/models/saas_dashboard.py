from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL
from odoo.tools.misc import get_lang

from .saas_server_measures import FULL_DISK_PERCENT

DAYS_OF_TIMES = 30
WEEKS_OF_SIGNUPS = 12
NEWEST_EVENTS = 8
SHOWN_SERVERS = 8


class SaasDashboard(models.AbstractModel):
    """The numbers of the first screen: sums over what the user may read, a fixed number of queries."""

    _name = "saas.dashboard"
    _description = "Dashboard"

    @api.model
    def get_data(self):
        """Return all blocks of the dashboard: name -> what its `_prepare_<name>` says.

        :raise AccessError: for everybody who is no user of the SaaS manager
        """
        if not self.env.user.has_group("saas_manager.group_user"):
            raise AccessError(self.env._("Only users of the SaaS manager see its dashboard."))
        # Days and weeks begin where the user is, in Python and in SQL alike.
        zone = self.env.context.get("tz") or self.env.user.tz or "UTC"
        dashboard = self.with_context(tz=zone)
        return {name: getattr(dashboard, f"_prepare_{name}")() for name in dashboard._get_blocks()}

    def _get_blocks(self):
        """Return the names of the blocks. An addon adds one here and writes its `_prepare_<name>`."""
        return ["attention", "states", "times", "jobs", "pool", "servers", "events", "signups", "first_steps"]

    # === WHAT NEEDS A PERSON === #

    def _prepare_attention(self):
        """Return what waits for a person, each with its number and the list to open."""
        rows = [
            ("instances", self.env._("failed instances"), "saas.instance", [("state", "=", "failed")]),
            ("disks", self.env._("disks nearly full"), "saas.server", [("disk_used", ">=", FULL_DISK_PERCENT)]),
            ("unpaid", self.env._("subscriptions not paid"), "saas.subscription", [("state", "=", "past_due")]),
            ("problems", self.env._("subscriptions with a problem"), "saas.subscription", [("problem", "!=", False)]),
            ("servers", self.env._("servers not connected"), "saas.server", [("check_state", "=", "failed")]),
        ]
        if self._may_see_jobs():
            rows.insert(0, ("jobs", self.env._("failed jobs"), "queue.job", self._get_failed_jobs_domain()))
        counted = [
            {
                "key": key,
                "label": label,
                "model": model,
                "domain": domain,
                "count": self.env[model].search_count(domain),
            }
            for key, label, model, domain in rows
        ]
        return [row for row in counted if row["count"]]

    def _may_see_jobs(self):
        return self.env.user.has_group("saas_manager.group_administrator")

    def _get_failed_jobs_domain(self):
        return [("model_name", "=like", "saas.%"), ("state", "=", "failed")]

    def _prepare_jobs(self):
        """Return how many jobs have failed, or None for whoever may not see jobs."""
        if not self._may_see_jobs():
            return None
        domain = self._get_failed_jobs_domain()
        return {"failed": self.env["queue.job"].search_count(domain), "model": "queue.job", "domain": domain}

    # === INSTANCES === #

    def _prepare_states(self):
        """Return the instances by state, in the order of their life; states that none is in are left out."""
        counts = dict(self.env["saas.instance"]._read_group([], ["state"], ["__count"]))
        labels = self.env["saas.instance"]._fields["state"]._description_selection(self.env)
        return [
            {"state": state, "label": label, "count": counts[state], "domain": [("state", "=", state)]}
            for state, label in labels
            if state in counts
        ]

    def _prepare_times(self):
        """Return how long provisioning took lately, in seconds (None: nothing was provisioned), and how often today."""
        Instance = self.env["saas.instance"]
        today = self._to_utc(self._today())
        lately = [("provisioned_at", ">=", self._to_utc(self._today() - timedelta(days=DAYS_OF_TIMES)))]
        query = Instance._search(lately)  # with the record rules of the user
        seconds = Instance._field_to_sql(Instance._table, "provision_seconds", query)
        finished = Instance._field_to_sql(Instance._table, "provisioned_at", query)
        statement = query.select(
            SQL("percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)", seconds),
            SQL("MAX(%s)", seconds),
            SQL("COUNT(*) FILTER (WHERE %s >= %s)", finished, today),
        )
        [(median, slowest, count)] = self.env.execute_query(statement)
        return {
            "days": DAYS_OF_TIMES,
            "median": median,
            "slowest": slowest and float(slowest),
            "today": count,
            "domain": lately,
            "today_domain": [("provisioned_at", ">=", today)],
        }

    def _prepare_signups(self):
        """Return how many instances were requested in each of the last weeks, the one that runs included."""
        week_start = int(get_lang(self.env).week_start)
        this_week = self._today() - timedelta(days=(self._today().isoweekday() - week_start) % 7)
        weeks = [this_week - timedelta(weeks=number) for number in reversed(range(WEEKS_OF_SIGNUPS))]
        since = [("requested_at", ">=", self._to_utc(weeks[0]))]
        groups = self.env["saas.instance"]._read_group(since, ["requested_at:week"], ["__count"])
        counts = {begin.date(): count for begin, count in groups}
        return [
            {
                "week": fields.Date.to_string(week),
                "count": counts.get(week, 0),
                "domain": [
                    ("requested_at", ">=", self._to_utc(week)),
                    ("requested_at", "<", self._to_utc(week + timedelta(weeks=1))),
                ],
            }
            for week in weeks
        ]

    # === MACHINES === #

    def _prepare_pool(self):
        """Return how many clones wait, and how many should."""
        templates = self.env["saas.template"].search([("database", "!=", False)])
        counts = templates._get_pool_counts().values()
        return {
            "ready": sum(count["ready"] for count in counts),
            "target": sum(count["target"] for count in counts),
            "domain": [("state", "=", "ready")],
        }

    def _prepare_servers(self):
        """Return the servers as they were last measured, the fullest first."""
        names = ["name", "check_state", "disk_free", "disk_total", "disk_used", "memory_free", "memory_total"]
        rows = self.env["saas.server"].search_read(
            [], [*names, "measured_at"], order="disk_used desc, sequence, id", limit=SHOWN_SERVERS, load=None
        )
        return [{**row, "is_full": row["disk_used"] >= FULL_DISK_PERCENT} for row in rows]

    # === WHAT HAPPENED, AND HOW TO BEGIN === #

    def _prepare_events(self):
        """Return the newest events."""
        names = ["create_date", "kind", "level", "message", "instance_id", "template_id"]
        rows = self.env["saas.event"].search_read([], names, limit=NEWEST_EVENTS)
        return [{**row, "create_date": fields.Datetime.to_string(row["create_date"])} for row in rows]

    def _prepare_first_steps(self):
        """Return the way to the first instance, as the steps that are done and the record to go on with, or None."""
        if self.env["saas.instance"].search_count([], limit=1):
            return None
        server = self.env["saas.server"].search([], order="check_state desc nulls last, sequence, id", limit=1)
        template = self.env["saas.template"].search([], order="database, sequence, id", limit=1)
        return [
            {"key": "server", "model": "saas.server", "id": server.id, "is_done": server.check_state == "ok"},
            {"key": "template", "model": "saas.template", "id": template.id, "is_done": bool(template.database)},
            {"key": "instance", "model": "saas.instance", "id": False, "is_done": False},
        ]

    # === DAYS === #

    def _today(self):
        """Return the user's date."""
        return fields.Date.context_today(self)

    def _to_utc(self, day):
        """Return the moment that a day of the user begins, as the database and a domain write it."""
        begin = datetime.combine(day, time.min, ZoneInfo(self.env.context["tz"]))
        return fields.Datetime.to_string(begin.astimezone(UTC).replace(tzinfo=None))
