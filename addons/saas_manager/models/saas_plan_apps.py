from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..saas_engine import naming
from ..saas_engine.errors import InvalidNameError


class SaasPlanApps(models.Model):
    """Which apps an instance of a plan may install. The list is of technical names: what tenants can install differs
    from what the manager has.
    """

    _inherit = "saas.plan"

    apps = fields.Char(
        help="Technical names of the apps that instances may install themselves, separated by commas. What an app needs"
        " comes with it, and so do its parts; what the template has installed stays. Empty: all apps."
    )
    apps_hint = fields.Char(compute="_compute_apps_hint")

    @api.constrains("apps")
    def _check_apps(self):
        for plan in self:
            plan._get_apps()

    @api.depends("apps")
    def _compute_apps_hint(self):
        for plan in self:
            try:
                plan.apps_hint = plan._get_apps_hint()
            except ValidationError as error:
                plan.apps_hint = error.args[0]

    def _get_apps(self):
        """Return the technical names of the apps that may be installed, None: all.

        :raise ValidationError: something else stands there
        """
        self.ensure_one()
        try:
            return naming.module_names(self.apps) or None
        except InvalidNameError as error:
            raise ValidationError(str(error)) from error

    def _get_apps_hint(self):
        """Return the apps in words, and those that this Odoo does not know, which may be a typing error."""
        names = self._get_apps() or []
        known = self.env["ir.module.module"].sudo().search([("name", "in", names)])
        titles = {module.name: module.shortdesc or module.name for module in known}
        found = ", ".join(titles[name] for name in names if name in titles)
        unknown = ", ".join(name for name in names if name not in titles)
        if not unknown:
            return found
        hint = self.env._("Not known to this Odoo: %(names)s", names=unknown)
        return f"{found}. {hint}" if found else hint

    def _prepare_limits(self):
        """Override of `_prepare_limits` to publish the apps, and what people call the plan."""
        return {**super()._prepare_limits(), "plan_name": self.name, "apps": self._get_apps()}
