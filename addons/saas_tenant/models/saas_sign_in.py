from datetime import timedelta

from odoo import api, fields, models

from ..compat import Constraint

KEPT_DAYS = 365


class SaasSignIn(models.Model):
    """Each time that the service's support signed in: what makes a link work once, and what the administrator reads.

    Nobody writes or deletes them: there is no access for it.
    """

    _name = "saas.sign.in"
    _description = "Sign-In of the Service's Support"
    _order = "id desc"
    _rec_name = "operator"

    nonce = fields.Char(required=True, readonly=True, groups="base.group_no_one")
    operator = fields.Char("Who", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Signed In As", readonly=True, ondelete="set null")
    create_date = fields.Datetime("When", readonly=True)

    _nonce_unique = Constraint("UNIQUE (nonce)", "This link was used already.")

    @api.model
    def _use(self, claims):
        """Use a link up, whose signature was checked.

        :param dict claims: what it says
        :return: (user, None), or (None, reason): `used` or `nobody`
        """
        user = self._get_administrator(claims["login"])
        if not user:
            return None, "nobody"
        if not self._remember(claims, user):
            return None, "used"
        if not claims.get("quiet"):
            self._leave_note(claims, user)
        return user, None

    @api.model
    def _leave_note(self, claims, user):
        note = self.env._(
            "%(operator)s of the service's support signed in as %(name)s, with the consent that is set for this site.",
            operator=claims["by"],
            name=user.name,
        )
        user.partner_id._message_log(body=note)

    @api.model
    def _remember(self, claims, user):
        """Write the link down, unless it is there already. The database decides between two that come at once."""
        self.env.cr.execute(
            """INSERT INTO saas_sign_in (nonce, operator, user_id, create_uid, create_date, write_uid, write_date)
               VALUES (%s, %s, %s, %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC')
               ON CONFLICT (nonce) DO NOTHING RETURNING id""",
            [claims["nonce"], claims["by"], user.id, self.env.uid, self.env.uid],
        )
        return bool(self.env.cr.fetchall())

    @api.model
    def _get_administrator(self, login):
        """Return whom support signs in as: the administrator of this login, else the first there is."""
        users = self.env["res.users"].search([("share", "=", False), ("active", "=", True)], order="id")
        users = users.filtered(lambda user: user.has_group("base.group_system"))
        return (users.filtered(lambda user: user.login == login) or users)[:1]

    @api.autovacuum
    def _gc_old(self):
        """Forget what is older than a year. A link lives for a minute, so that it can't come back."""
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("create_date", "<", limit)]).unlink()
