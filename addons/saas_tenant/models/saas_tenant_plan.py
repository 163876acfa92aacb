from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools.misc import format_datetime

from .. import gateway, storage


class SaasTenantPlan(models.AbstractModel):
    """The page "Your Plan" under Settings: what the plan allows, what is in use, and whom to ask for more."""

    _name = "saas.tenant.plan"
    _description = "Your Plan"

    @api.model
    def get_page(self):
        """Return what the page shows.

        :return: dict with `plan`, `contact`, `account_url`, `notices`, `meters`, `apps`
        :raise AccessError: for people who are no administrators
        """
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only administrators of this site can see its plan."))
        limits = gateway.limits_of(self.env)
        return {
            "plan": gateway.plan_of(self.env),
            "contact": gateway.contact_of(self.env),
            "account_url": limits.get("account_url") or False,
            "notices": self.env["saas.tenant.notice"].get_notices(),
            "meters": [self._get_storage_meter(), self._get_user_meter(limits), self._get_mail_meter(limits)],
            "apps": self._get_app_names(limits.get("apps")),
        }

    @api.model
    def _prepare_meter(self, code, label, used, limit, text, hint=""):
        """Return one bar. Without a limit there is nothing to fill, so there is no percentage."""
        percent = 100 * used / limit if limit and used is not None else None
        return {"code": code, "label": label, "text": text, "percent": percent, "hint": hint}

    @api.model
    def _get_storage_meter(self):
        use = storage.use_of(self.env)
        used, limit = (storage.format_size(self.env, size) for size in (use.used, use.limit))
        hint = self.env._("Database and files. Not measured yet: what is stored in files is counted.")
        if use.measured_at:
            hint = self.env._(
                "Database and files. Measured at %(time)s, and what was stored since.",
                time=format_datetime(self.env, use.measured_at, dt_format="short"),
            )
        return self._prepare_meter(
            "storage", self.env._("Storage"), use.used, use.limit, self._get_text(used, use.limit and limit), hint
        )

    @api.model
    def _get_user_meter(self, limits):
        used = self.env["res.users"].sudo().search_count([("share", "=", False), ("active", "=", True)])
        hint = self.env._("People of the portal and archived users don't count.")
        limit = limits.get("max_users") or 0
        return self._prepare_meter(
            "users", self.env._("Internal users"), used, limit, self._get_text(used, limit), hint
        )

    @api.model
    def _get_mail_meter(self, limits):
        used, limit = gateway.mails_of(self.env), max(limits.get("max_mails_day") or 0, 0)
        text = self.env._("Not known at the moment") if used is None else self._get_text(used, limit)
        hint = self.env._("Sent in the last 24 hours, counted for each recipient.")
        if limits.get("max_mails_hour"):
            hint += " " + self.env._("At most %(limit)s in an hour.", limit=limits["max_mails_hour"])
        return self._prepare_meter("mails", self.env._("Mails"), used, limit, text, hint)

    @api.model
    def _get_text(self, used, limit):
        if not limit:
            return self.env._("%(used)s, without a limit", used=used)
        return self.env._("%(used)s of %(limit)s", used=used, limit=limit)

    @api.model
    def _get_app_names(self, apps):
        """Return the names of the apps that can be installed, or False where all can."""
        if apps is None:
            return False
        found = self.env["ir.module.module"].sudo().search([("name", "in", list(apps))])
        return sorted(found.mapped("shortdesc"))
