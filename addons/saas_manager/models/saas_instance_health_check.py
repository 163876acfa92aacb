import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import split_every

from ..saas_engine import health

_logger = logging.getLogger(__name__)
# One job at a time (its channel), one tenant after the other: a tenant service loads a cold registry for a second or
# two, and others must get their pages meanwhile.
BATCH = 30
# An hourly cron is never exactly an hour after the last one.
MINUTES_BETWEEN_LOOKS = 55
SECONDS_UNTIL_SECOND_LOOK = 60
# When a whole service goes, everybody knows after the first mails.
MAILED_PER_BATCH = 3


class SaasInstanceHealthCheck(models.Model):
    """Looks at instances every hour, in jobs. What was missed while nothing ran is not made up for: once an hour."""

    _inherit = "saas.instance"

    @api.model
    def _cron_check_health(self):
        """Queue a look at each active instance that had none within the hour."""
        # Those of one service follow each other: what is learned about it in a batch counts for the next.
        self._queue_health_checks(self.search(self._get_health_domain(), order="runtime_id, id").ids)

    @api.model
    def _get_health_domain(self):
        """Return which instances are due. Others may narrow it."""
        now = fields.Datetime.now()
        latest = now - timedelta(minutes=MINUTES_BETWEEN_LOOKS)
        return [
            ("state", "=", "active"),
            ("rename_to", "=", False),  # off the air for a moment
            *("|", ("health_checked_at", "=", False)),
            *("|", ("health_checked_at", "<=", latest)),
            ("health_checked_at", ">", now),  # before the clock was set back
        ]

    @api.model
    def _queue_health_checks(self, ids, is_second=False, **options):
        """Queue jobs that look at instances.

        :param list ids: of instances
        :param bool is_second: whether they missed at the first look
        """
        for batch in split_every(BATCH, ids, list):
            key = f"{self._name}:health:{is_second}:{','.join(map(str, batch))}"
            job = self.browse().with_delay(
                identity_key=key, description=self._get_job_label("_job_check_health"), **options
            )
            job._job_check_health(batch, is_second)

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the looks."""
        labels = {
            "_job_check_health": self.env._("Look after instances"),
            "_job_check_now": self.env._("Look after it now"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)

    @api.model
    def _job_check_health(self, ids, is_second=False):
        """Look at a batch of instances.

        :param list ids: of instances
        :param bool is_second: they missed at the first look: only those that still count as missed are looked at
        """
        instances = self.browse(ids).exists()
        due = instances.filtered(lambda each: each._can_be_checked() and each._is_look_due(is_second))
        return due._check_health()

    def _job_check_now(self):
        """Look at one instance because somebody asks."""
        self.ensure_one()
        if not self._can_be_checked():
            return self.env._("Not relevant any more: the instance is %(state)s.", state=self.state)
        return self._check_health()

    def _can_be_checked(self):
        self.ensure_one()
        return self.state == "active" and not self.rename_to

    def _is_look_due(self, is_second):
        if is_second:
            return self.health_misses == 1 and self.health != health.DOWN
        now, last = fields.Datetime.now(), self.health_checked_at
        return not last or not now - timedelta(minutes=MINUTES_BETWEEN_LOOKS) < last <= now

    def _check_health(self):
        """Look at instances one after the other, then write all of it down.

        Nothing is written while anybody is waited for: nobody else's click waits for a slow tenant.

        :return: what the job says about it
        """
        patience, found = {}, []
        for instance in self:
            found.append((instance, *instance._look_safely(patience)))
        missed, gone_down, later = self.browse(), self.browse(), self.browse()
        for instance, reasons, values in found:
            before = instance.health
            try:
                is_missed, _problem = instance._attempt("keeping the health", instance._keep_health, reasons, values)
                if is_missed:
                    missed += instance
            except psycopg2.OperationalError:  # somebody was faster, by a click: look again at what it is now
                later += instance
                continue
            if instance.health == health.DOWN != before:
                gone_down += instance
        self._queue_health_checks(missed.ids, is_second=True, eta=SECONDS_UNTIL_SECOND_LOOK)
        self._queue_health_checks(later.ids, eta=SECONDS_UNTIL_SECOND_LOOK)
        gone_down._tell_that_they_are_down()
        return self.env._(
            "%(count)s looked at, %(down)s went down, %(again)s again in a minute.",
            count=len(self),
            down=len(gone_down),
            again=len(missed + later),
        )

    def _tell_that_they_are_down(self):
        for number, instance in enumerate(self):
            instance._schedule_health_activity(is_mailed=number < MAILED_PER_BATCH)

    # === ONE INSTANCE === #

    def _look_safely(self, patience):
        """Look at one instance, so that what goes wrong with it stays with it.

        :param dict patience: what was learned about each runtime in this job
        :return: (reasons, values of fields)
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint(flush=False):
                return self._look(patience)
        except Exception as error:  # noqa: BLE001 - whatever it is: the next instance must not suffer from it
            _logger.warning("instance %s could not be looked at", self.id, exc_info=True)
            return [health.reason("not_checked", detail=str(error) or repr(error))], {}

    def _look(self, patience):
        settings, runtime = self.env["saas.settings"], self.sudo().runtime_id.id
        patient = patience.setdefault(runtime, health.Patience(settings._get("saas.health_timeout_seconds")))
        seen = self._get_provisioner().examine(self._prepare_tenant_spec(), patient.seconds)
        patient.note(seen.has_timed_out)
        return self._get_health_reasons(seen), {
            "health_seconds": seen.seconds or 0,
            "certificate_until": seen.certificate_until and seen.certificate_until.date(),
            "failing_crons": len(seen.crons),
        }

    def _get_health_reasons(self, seen):
        """Return why this instance is not well. An addon adds reasons of its own, with sentences for their codes.

        :param seen: `saas_engine.health.Seen`
        """
        last = self.last_backup_at or self.provisioned_at or self.create_date
        days = (fields.Datetime.now() - last) / timedelta(days=1)
        return health.judge(seen, self._get_health_limits(), days, bool(self.last_backup_at))

    @api.model
    def _get_health_limits(self):
        """Return what counts as ill, as the engine's Limits. May be overridden per instance."""
        settings = self.env["saas.settings"]
        return health.Limits(
            seconds_slow=settings._get("saas.health_slow_seconds"),
            certificate_days=settings._get("saas.health_certificate_days"),
            backup_days=settings._get("saas.health_backup_days"),
            cron_failures=settings._get("saas.health_cron_failures"),
        )

    def _keep_health(self, reasons, values):
        """Write down what a look has found; return whether the instance was missed for the first time."""
        state, misses, is_again = health.follow(self.health, self.health_misses, health.state_of(reasons))
        now = {"health_checked_at": fields.Datetime.now(), "health_misses": misses}
        if is_again:
            self._write_protected(now)  # one look in vain is no news: the rest stays as it was
            self._notify_progress()
        else:
            self._set_health(state, health_reasons=reasons or False, **now, **values)
        return is_again
