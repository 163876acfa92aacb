from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.auth_signup.models.res_partner import SignupError

from .. import gateway, user_limit


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _create(self, data_list):
        """Override of `_create` to hold the plan's number of internal users.

        Not of `create`: what other apps add to that (the mail with an invitation) comes after this.
        """
        with user_limit.held(self.env):
            return super()._create(data_list)

    def write(self, vals):
        """Override of `write` to hold the plan's number of internal users."""
        if not user_limit.may_add(vals):
            return super().write(vals)
        with user_limit.held(self.env):
            return super().write(vals)

    def _create_user_from_template(self, values):
        """Override of `_create_user_from_template` to tell who signs up why not: Odoo hides it in a general error."""
        try:
            return super()._create_user_from_template(values)
        except SignupError as error:
            if isinstance(error.__context__, UserError):
                raise error.__context__ from None
            raise

    @api.model
    def _get_surplus_message(self):
        """Return in words who can't sign in because the plan allows fewer users, or None if everybody can."""
        surplus = self.sudo().browse(sorted(gateway.surplus_of(self.env))).exists()
        if not surplus:
            return None
        return self.env._(
            "The plan %(plan)s allows %(limit)s internal users, and there are more. These can't sign in: %(names)s."
            " Archive users who are not needed, or ask %(contact)s for a larger plan.",
            plan=gateway.plan_of(self.env),
            limit=gateway.limits_of(self.env).get("max_users"),
            names=self._get_logins(surplus),
            contact=gateway.contact_of(self.env),
        )

    @api.model
    def _get_logins(self, users, shown=5):
        """Return who users are: by their logins, which alone are unique, and no more than fit into a line."""
        names = ", ".join(users[:shown].mapped("login"))
        more = len(users) - shown
        return self.env._("%(names)s and %(more)s more", names=names, more=more) if more > 0 else names
