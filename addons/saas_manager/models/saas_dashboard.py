from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL
from odoo.tools.misc import get_lang

from .saas_server_measures import FULL_DISK_PERCENT

BUS_CHANNEL = "saas.dashboard"
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
        if not self._may_see():
            raise AccessError(self.env._("Only users of the SaaS manager see its dashboard."))
        # Days and weeks begin where the user is, in Python and in SQL alike.
        zone = self.env.context.get("tz") or self.env.user.tz or "UTC"
        dashboard = self.with_context(tz=zone)
        return {name: getattr(dashboard, f"_prepare_{name}")() for name in dashboard._get_blocks()}

    @api.model
    def _may_see(self):
        """Return whether the user may see the dashboard."""
        return self.env.user.has_group("saas_manager.group_user")

    @api.model
    def _get_bus_channel(self):
        """Return the channel of the dashboard: a record and a name, which no browser can ask for by itself."""
        return self.env.ref("saas_manager.group_user", raise_if_not_found=False), BUS_CHANNEL

    @api.model
    def _notify(self):
        """Tell open dashboards that there is something new, once however much one transaction changes.

        The message is empty: each dashboard asks again for what its user may see.
        """
        waiting = self.env.cr.precommit.data
        group, subchannel = self._get_bus_channel()
        if group and not waiting.get(BUS_CHANNEL):
            waiting[BUS_CHANNEL] = True
            group._bus_send(BUS_CHANNEL, {}, subchannel=subchannel)

    def _get_blocks(self):
        """Return the names of the blocks. An addon adds one here and writes its `_prepare_<name>`."""
        return ["attention", "states", "times", "jobs", "pool", "servers", "events", "signups", "first_steps"]

    # === WHAT NEEDS A PERSON === #

    def _prepare_attention(self):
        """Return what waits for a person, each with its number and the list to open."""
        rows = [
            ("instances", "saas.instance", [("state", "=", "failed")]),
            ("disks", "saas.server", [("disk_used", ">=", FULL_DISK_PERCENT)]),
            ("unpaid", "saas.subscription", [("state", "=", "past_due")]),
            ("problems", "saas.subscription", [("problem", "!=", False)]),
            ("servers", "saas.server", [("check_state", "=", "failed")]),
        ]
        if self._may_see_jobs():
            rows.insert(0, ("jobs", "queue.job", self._get_failed_jobs_domain()))
        labels, counted = self._get_attention_labels(), []
        for key, model, domain in rows:
            if count := self.env[model].search_count(domain):
                label = labels[key][0 if count == 1 else 1]
                counted.append({"key": key, "label": label, "model": model, "domain": domain, "count": count})
        return counted

    def _get_attention_labels(self):
        """Return what stands behind the numbers of `_prepare_attention`: behind a one, and behind all others."""
        return {
            "jobs": (self.env._("failed job"), self.env._("failed jobs")),
            "instances": (self.env._("failed instance"), self.env._("failed instances")),
            "disks": (self.env._("disk nearly full"), self.env._("disks nearly full")),
            "unpaid": (self.env._("subscription not paid"), self.env._("subscriptions not paid")),
            "problems": (self.env._("subscription with a problem"), self.env._("subscriptions with a problem")),
            "servers": (self.env._("server not connected"), self.env._("servers not connected")),
        }

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
        names = ["create_date", "kind", "level", "message", "instance_id", "template_id", "subscription_id"]
        rows = self.env["saas.event"].search_read([], names, limit=NEWEST_EVENTS)
        return [{**row, "create_date": fields.Datetime.to_string(row["create_date"])} for row in rows]

    def _prepare_first_steps(self):
        """Return the way to the first instance, as the steps that are done and the record to go on with, or None."""
        if self.env["saas.instance"].search_count([], limit=1):
            return None
        server = self.env["saas.server"].search([], order="check_state desc nulls last, sequence, id", limit=1)
        template = self._find_first_template()
        steps = [
            ("server", server, server.check_state == "ok"),
            ("template", template, bool(template.database)),
            ("instance", self.env["saas.instance"], False),
        ]
        return [
            {
                "key": key,
                "model": record._name,
                "id": record.id,
                "is_done": is_done,
                "is_under_way": not is_done and key == "template" and template.state == "building",
            }
            for key, record, is_done in steps
        ]

    def _find_first_template(self):
        """Return a template that is built, else one that is being built, else the first of all."""
        templates = self.env["saas.template"].search([], order="database, sequence, id")
        building = templates.filtered(lambda template: template.state == "building")
        return (templates.filtered("database") or building or templates)[:1]

    # === DAYS === #

    def _today(self):
        """Return the user's date."""
        return fields.Date.context_today(self)

    def _to_utc(self, day):
        """Return the moment that a day of the user begins, as the database and a domain write it."""
        begin = datetime.combine(day, time.min, ZoneInfo(self.env.context["tz"]))
        return fields.Datetime.to_string(begin.astimezone(UTC).replace(tzinfo=None))
