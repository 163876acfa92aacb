from datetime import date, timedelta

from odoo import api, fields, models
from odoo.tools.misc import format_date

from .. import gateway, storage
from ..storage import FULL, NEAR, NEARLY_FULL


class SaasTenantNotice(models.AbstractModel):
    """What administrators are told in bars over every page: a payment is overdue, users can't sign in, …

    Administrators alone: nobody else can do anything about it, and what a company owes is not for its staff to read.
    """

    _name = "saas.tenant.notice"
    _description = "Notices of the Service"

    @api.model
    def get_notices(self):
        """Return the notices, what matters most first; none for people who are no administrators.

        :return: dicts with `key`, `type` (danger, warning, info), `text`, `link` (`label`, `url`) or None, `plan`
            (whether the page of the plan says more), `dismissable`
        """
        if not self.env.user.has_group("base.group_system"):
            return []
        published = gateway.notices_of(self.env)
        return [
            *self._get_payment_notices(published.get("past_due")),
            *self._get_user_notices(),
            *self._get_storage_notices(published.get("storage") or {}),
            *self._get_trial_notices(published.get("trial")),
        ]

    @api.model
    def _prepare_notice(self, key, type_, text, **values):
        return {"key": key, "type": type_, "text": text, "link": None, "plan": False, "dismissable": False, **values}

    @api.model
    def _get_payment_notices(self, overdue):
        if overdue is None:
            return []
        until = overdue.get("until")
        parts = [self._get_overdue_text(overdue)]
        if until:
            parts.append(
                self.env._("Please pay before %(day)s: on that day this site is suspended.", day=self._format(until))
            )
        url = overdue.get("url") or gateway.limits_of(self.env).get("account_url")
        link = {"label": self.env._("See the invoice"), "url": url} if url else None
        return [self._prepare_notice("past_due", "danger", " ".join(parts), link=link)]

    @api.model
    def _get_overdue_text(self, overdue):
        if not overdue.get("since"):
            return self.env._("A payment for this site is overdue.")
        return self.env._(
            "Invoice %(invoice)s for this site was to be paid until %(day)s, and is not paid.",
            invoice=overdue.get("invoice") or "",
            day=self._format(overdue["since"]),
        )

    @api.model
    def _get_user_notices(self):
        message = self.env["res.users"]._get_surplus_message()
        return [self._prepare_notice("users", "danger", message, plan=True)] if message else []

    @api.model
    def _get_storage_notices(self, published):
        use = storage.use_of(self.env)
        if use.percent < NEAR:
            return []
        sizes = {name: storage.format_size(self.env, getattr(use, name)) for name in ("used", "limit")}
        if use.percent >= FULL:
            text = self.env._("The storage is full: %(used)s of %(limit)s. New files are refused.", **sizes)
            return [self._prepare_notice("storage-100", "danger", text, plan=True)]
        text = self.env._(
            "%(percent)s %% of the storage are used: %(used)s of %(limit)s. When it is full, new files are refused.",
            percent=int(use.percent),
            **sizes,
        )
        if use.percent >= NEARLY_FULL:
            return [self._prepare_notice("storage-95", "danger", text, plan=True)]
        # The key changes with each rise: who has dismissed the last one sees the next.
        key = f"storage-80-{published.get('since') or ''}"
        return [self._prepare_notice(key, "warning", text, plan=True, dismissable=True)]

    @api.model
    def _get_trial_notices(self, trial):
        if not trial:
            return []
        end, today = date.fromisoformat(trial["until"]), fields.Date.context_today(self)
        if not today < end <= today + timedelta(days=trial.get("days") or 0):
            return []
        text = self.env._("The trial of this site ends on %(day)s.", day=self._format(trial["until"]))
        if not trial.get("goes_on"):
            text += " " + self.env._("It does not go on by itself.")
        return [self._prepare_notice(f"trial-{trial['until']}", "info", text, plan=True, dismissable=True)]

    @api.model
    def _format(self, day):
        return format_date(self.env, day)
