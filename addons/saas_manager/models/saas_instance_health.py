from odoo import api, fields, models
from odoo.tools import plaintext2html

from ..saas_engine import health

UNWELL = (health.DEGRADED, health.DOWN)
ACTIVITY_TYPE = "saas_manager.mail_activity_type_down"
EVENT_LEVELS = {health.DOWN: "error", health.DEGRADED: "warning", health.UNKNOWN: "warning"}


class SaasInstanceHealth(models.Model):
    """How an instance is, since when, and why. The looks themselves are in `saas_instance_health_check.py`."""

    _inherit = "saas.instance"

    health = fields.Selection(
        [
            (health.HEALTHY, "Healthy"),
            (health.DEGRADED, "Degraded"),
            (health.DOWN, "Down"),
            (health.UNKNOWN, "Unknown"),
        ],
        required=True,
        default=health.UNKNOWN,
        readonly=True,
        copy=False,
        index=True,
    )
    health_since = fields.Datetime(readonly=True, copy=False)
    health_checked_at = fields.Datetime("Last Check", readonly=True, copy=False, groups="saas_manager.group_user")
    health_misses = fields.Integer(
        "Looks in Vain", readonly=True, copy=False, aggregator=None, groups="saas_manager.group_user"
    )
    health_seconds = fields.Float(
        "Time to Answer (s)",
        digits=(10, 2),
        readonly=True,
        copy=False,
        aggregator="avg",
        groups="saas_manager.group_user",
    )
    health_reasons = fields.Json(readonly=True, copy=False, groups="saas_manager.group_user")
    health_text = fields.Text("Why", compute="_compute_health_text", groups="saas_manager.group_user")
    certificate_until = fields.Date("Certificate Ends", readonly=True, copy=False, groups="saas_manager.group_user")
    failing_crons = fields.Integer(
        "Failing Scheduled Actions", readonly=True, copy=False, aggregator="sum", groups="saas_manager.group_user"
    )
    last_backup_at = fields.Datetime("Last Backup", compute="_compute_last_backup_at", groups="saas_manager.group_user")

    # === COMPUTES === #

    @api.depends_context("lang")
    @api.depends("health_reasons")
    def _compute_health_text(self):
        for instance in self:
            instance.health_text = instance._get_health_text(instance.health_reasons)

    @api.depends("backup_ids")
    def _compute_last_backup_at(self):
        groups = self.env["saas.backup"]._read_group(
            [("instance_id", "in", self.ids)], ["instance_id"], ["create_date:max"]
        )
        newest = {instance.id: moment for instance, moment in groups}
        for instance in self:
            instance.last_backup_at = newest.get(instance.id)

    # === WORDS === #

    @api.model
    def _get_health_sentences(self):
        """Return what people read for each code of a reason; the values are those that the engine gives with it."""
        return {
            "page_unreachable": self.env._("Nobody answers at its address (%(detail)s)."),
            "page_timeout": self.env._("The login page does not come (%(detail)s)."),
            "page_status": self.env._("The login page can't be had (%(detail)s)."),
            "page_form": self.env._("It answers, but not with a login form."),
            "page_slow": self.env._("The login page took %(seconds)s s."),
            "tls_unreachable": self.env._("Its address can't be reached by https (%(detail)s)."),
            "certificate_name": self.env._("Its certificate is for another name (%(detail)s): browsers refuse it."),
            "certificate_expired": self.env._("Its certificate has ended: browsers refuse it."),
            "certificate_soon": self.env._("Its certificate ends in %(days)s days."),
            "database": self.env._("Its database can't be asked (%(detail)s)."),
            "crons": self.env._(
                "Failing scheduled actions: %(count)s. The worst, %(name)s, has failed %(failures)s times in a row."
            ),
            "backup_late": self.env._("The last backup is %(days)s days old."),
            "backup_missing": self.env._("There is no backup, and it is %(days)s days old."),
            "not_checked": self.env._("It could not be looked at (%(detail)s)."),
        }

    @api.model
    def _get_health_text(self, reasons):
        """Return reasons as sentences, one a line, in the language of whoever reads; "" where there are none.

        :param list reasons: of `saas_engine.health`; codes of an addon that is gone are shown as they are
        """
        sentences = self._get_health_sentences()
        return "\n".join(sentences.get(reason["code"], reason["code"]) % reason for reason in reasons or [])

    def _get_health_label(self):
        return dict(self._fields["health"]._description_selection(self.env))[self.health]

    # === WHAT FOLLOWS FROM A LOOK === #

    def _set_health(self, state, **values):
        """Write the health down. A change is an event; recovery ends what administrators were asked to do.

        :param str state: of the engine
        :param values: other fields of a look
        """
        self.ensure_one()
        is_changed = state != self.health
        # A new instance that is well is no news: each would push something else off the list of newest events.
        is_news = is_changed and (state != health.HEALTHY or self.sudo().health_checked_at)
        if is_changed:
            values.update(health=state, health_since=fields.Datetime.now())
        self._write_protected(values)
        if is_news:
            self._log_health_event()
        if state == health.HEALTHY:
            self._end_health_activities(self.env._("It is healthy again."))
        self._notify_progress()

    def _log_health_event(self):
        why = " ".join(self._get_health_text(self.sudo().health_reasons).splitlines())
        message = self.env._("%(health)s: %(why)s", health=self._get_health_label(), why=why)
        level = EVENT_LEVELS.get(self.health, "info")
        self._log_event("health", message if why else self._get_health_label(), level)

    def _end_health_activities(self, note):
        """Mark as done what administrators were asked to do about this instance.

        :param str note: what stands in its history then
        """
        kind = self.env.ref(ACTIVITY_TYPE, raise_if_not_found=False)
        open_ones = self.sudo().activity_ids.filtered(lambda activity: activity.activity_type_id == kind)
        if kind and open_ones:
            open_ones.action_feedback(feedback=note)

    def _schedule_health_activity(self, is_mailed=True):
        """Ask every administrator to look at an instance that is down, once.

        :param bool is_mailed: whether they get a mail about it too
        """
        kind = self.env.ref(ACTIVITY_TYPE)
        told = self.activity_ids.filtered(lambda activity: activity.activity_type_id == kind).user_id
        for user in self._get_failure_users() - told:
            reader = self.with_context(lang=user.lang, mail_activity_quick_update=not is_mailed)
            reader.activity_schedule(
                ACTIVITY_TYPE,
                summary=reader.env._("%(name)s is down", name=self.name),
                note=plaintext2html(reader._get_health_text(self.sudo().health_reasons)),
                user_id=user.id,
            )

    def _transition(self, state, **values):
        """Override of `_transition`: what is not on the air has no health."""
        moved = super()._transition(state, **values)
        known = moved.filtered(lambda instance: instance.state != "active" and instance.sudo().health_checked_at)
        for instance in known:
            instance._forget_health()
        return moved

    def _forget_health(self):
        names = ("health_since", "health_checked_at", "health_reasons", "certificate_until")
        unknown = {"health": health.UNKNOWN, "health_misses": 0, "health_seconds": 0, "failing_crons": 0}
        self.sudo()._write_protected({**unknown, **dict.fromkeys(names, False)})
        self._end_health_activities(self.env._("It is switched off and not looked at any more."))

    # === ACTIONS === #

    def action_check_health(self):
        """Queue a look at active instances; it is on the form a moment later."""
        self.check_access("read")
        for instance in self.filtered(lambda each: each._can_be_checked()):
            instance._enqueue("_job_check_now", priority=1)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": self.env._("It is looked at. The result appears here in a moment.")},
        }
