from datetime import timedelta
from uuid import UUID

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.queue_job.exception import RetryableJobError

from ..saas_engine import links, naming
from ..saas_engine.password_link import mint_reset_token

SECONDS_BETWEEN_MAILS = 60
WELCOME_STATES = ("active",)


class SaasInstanceWelcome(models.Model):
    """The customer's first way in.

    The mail carries a link to the manager, signed by a key of this instance and by a serial: sending it again makes
    older links worthless. The tenant's own set-password token is minted when the link's form is posted, because
    Odoo's token would die after four hours and with the first sign-in.
    """

    _inherit = "saas.instance"

    welcome_serial = fields.Integer(default=0, readonly=True, copy=False, groups="saas_manager.group_user")
    welcome_sent_at = fields.Datetime("Welcome Mail Sent", readonly=True, copy=False, groups="saas_manager.group_user")
    welcome_used_at = fields.Datetime("Welcome Link Used", readonly=True, copy=False, groups="saas_manager.group_user")

    def action_send_welcome(self):
        """Send the welcome mail again; links that were sent earlier stop working."""
        for instance in self:
            if instance.state not in WELCOME_STATES:
                raise UserError(self.env._("The welcome mail can be sent when the instance is active."))
            instance._send_welcome()
        return True

    def _send_welcome(self):
        """Issue a new link and queue its mail."""
        self.ensure_one()
        self._write_protected({"welcome_serial": self.sudo().welcome_serial + 1, "welcome_used_at": False})
        self._enqueue("_job_send_welcome", self.sudo().welcome_serial)

    def _job_send_welcome(self, serial):
        """Send the welcome mail; a mail server that is away is tried again.

        :param int serial: the link's; another one was issued when it is not the present one
        """
        self.ensure_one()
        if self.state != "active" or serial != self.welcome_serial or self.welcome_sent_at and self.welcome_used_at:
            return self.env._("Not relevant any more.")
        self._send_mail_now("saas_manager.mail_template_welcome")
        self._write_protected({"welcome_sent_at": fields.Datetime.now()})
        self._log_event("mail", self.env._("The welcome mail was sent to %(email)s.", email=self.admin_email))
        return self.env._("Sent to %(email)s.", email=self.admin_email)

    def _send_mail_now(self, template):
        """Send a mail about this instance; a mail server that does not take it is tried again with the job.

        :param str template: the XML id of its template
        """
        mail = self.env["mail.mail"].browse(self.env.ref(template).send_mail(self.id))
        mail.send(auto_commit=False, raise_exception=False)
        # Once it is sent, a mail that carries a link is deleted.
        if mail.exists().state == "exception":
            raise RetryableJobError(
                self.env._("The mail server did not take the mail: %(reason)s", reason=mail.failure_reason)
            )

    # === THE LINK === #

    def _get_welcome_url(self):
        """Return the address that the welcome mail carries."""
        self.ensure_one()
        if self.env.context.get("saas_mail_is_test"):
            return f"{self.get_base_url()}/saas/welcome/{'0' * 32}/0/test"
        return f"{self.get_base_url()}/saas/welcome/{self._key}/{self.welcome_serial}/{self._get_welcome_token()}"

    def _get_welcome_token(self):
        return links.sign(self._get_link_key(), self.sudo().welcome_serial)

    def _get_link_key(self):
        return naming.link_key(self._get_engine_settings().master_secret, self._key)

    def _is_welcome_token(self, serial, token):
        """Tell whether a link is ours. Those of the secret before stay good until its replacement is finished."""
        settings = self._get_engine_settings()
        secrets = filter(None, (settings.master_secret, settings.previous_secret))
        return any(links.check(naming.link_key(secret, self._key), serial, token) for secret in secrets)

    @api.model
    def _find_by_welcome_link(self, key, serial, token):
        """Return the instance of a link whose signature is right, or an empty recordset.

        The link may still be used or outdated; `_get_welcome_problem` tells.
        """
        if not naming.TENANT_KEY.fullmatch(key):
            return self.browse()
        instance = self.sudo().search([("uuid", "=", str(UUID(key)))], limit=1)
        if instance and instance._is_welcome_token(serial, token):
            return instance
        return self.browse()

    def _get_welcome_problem(self, serial):
        """Return why a link can't be used, or None: `unavailable`, `outdated` or `used`."""
        self.ensure_one()
        if self.state != "active":
            return "unavailable"
        if serial != self.welcome_serial:
            return "outdated"
        return "used" if self.welcome_used_at else None

    def _use_welcome_link(self):
        """Use the link up and return the address where the customer sets a password."""
        self.ensure_one()
        with self._engine_errors_as_user_errors():
            path = self._mint_password_path()
        self._write_protected({"welcome_used_at": fields.Datetime.now()})
        self._log_event("access", self.env._("The welcome link was used."))
        return f"{self.url}{path}"

    def _mint_password_path(self):
        """Let the engine mint Odoo's own token inside the tenant, as the tenant's role."""
        provisioner = self._get_provisioner()
        with provisioner.connect(self._prepare_tenant_spec()) as connection:
            return mint_reset_token(connection)

    def _can_send_new_link(self):
        """Tell whether a visitor with an old link may have a new one mailed: not more than one a minute."""
        self.ensure_one()
        last = self.welcome_sent_at
        waited = not last or fields.Datetime.now() - last > timedelta(seconds=SECONDS_BETWEEN_MAILS)
        return self.state == "active" and waited
