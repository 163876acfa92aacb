from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..saas_engine import naming, sign_in


class SaasInstanceSignIn(models.Model):
    """Our own people's way into a customer's Odoo: one click, once, with consent, and in both logs.

    The link is signed by a key that the tenant's service derives, too; it goes to the browser that clicked and nowhere
    else. What makes it work once is stored in the tenant, who also learns who came.
    """

    _inherit = "saas.instance"

    support_sign_in = fields.Boolean(
        "Support May Sign In",
        tracking=True,
        copy=False,
        help="The customer's consent: while it is set, managers may sign in as the administrator of this instance. "
        "Each time is written to the timeline here and to the log of the instance. Taking it back stops new links; "
        "who is signed in already stays so until they sign out.",
    )

    def write(self, values):
        """Override of `write` to note in the timeline who gave consent, and who took it back."""
        changed = self.browse()
        if "support_sign_in" in values:
            changed = self.filtered(lambda instance: instance.support_sign_in != bool(values["support_sign_in"]))
        result = super().write(values)
        if changed and values["support_sign_in"]:
            changed._log_event("access", self.env._("Support may sign in from now on."))
        elif changed:
            changed._log_event("access", self.env._("Support may not sign in any more."))
        return result

    def action_sign_in(self):
        """Open the instance in a new tab, signed in as its administrator."""
        self.ensure_one()
        self._check_can_sign_in()
        with self._engine_errors_as_user_errors():
            address = sign_in.address(self.url, self._mint_sign_in_token())
        message = self.env._(
            "%(user)s signed in as the administrator of the instance: the link was made.", user=self.env.user.name
        )
        self._log_event("access", message, "warning")
        return {"type": "ir.actions.act_url", "url": address, "target": "new"}

    def _check_can_sign_in(self):
        """Refuse, with words that say what to do, whoever may not and what can't be."""
        if not self.env.user.has_group("saas_manager.group_manager"):
            raise AccessError(self.env._("Signing in to a customer's Odoo is for managers."))
        self.check_access("write")
        if self.state == "suspended":
            raise UserError(
                self.env._(
                    '"%(name)s" is suspended, nobody can sign in: %(reason)s Resume it first.',
                    name=self.name,
                    reason=self.reason or "",
                )
            )
        if self.state != "active":
            raise UserError(self.env._('"%(name)s" is not active, nobody can sign in.', name=self.name))
        if not self.support_sign_in:
            raise UserError(
                self.env._(
                    'The customer has not agreed. Ask %(customer)s; once they have, set "Support May Sign In" on'
                    ' "%(name)s", which its timeline keeps.',
                    customer=self.partner_id.name,
                    name=self.name,
                )
            )

    def _mint_sign_in_token(self):
        master = self._get_engine_settings().master_secret
        key = naming.sign_in_key_of(master, self.sudo().runtime_id.code, self._key)
        return sign_in.mint(key, self._get_host(), self.admin_email or "", self.env.user.name)
