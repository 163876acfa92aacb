import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..saas_engine.ownership import Manager

_logger = logging.getLogger(__name__)


class SaasServerOwner(models.Model):
    """A server belongs to one manager. This one is refused by a server of another's, until a person takes it over."""

    _inherit = "saas.server"

    foreign_owner = fields.Char(
        "Belongs to", readonly=True, copy=False, help="Another manager, as the server knows it."
    )

    @api.model
    def _get_manager(self):
        """Return how servers know this manager: by its database's UUID, which Odoo gives anew to copies."""
        parameters = self.env["ir.config_parameter"].sudo()
        name = f"{parameters.get_param('web.base.url')} ({self.env.cr.dbname})"
        return Manager(parameters.get_param("database.uuid"), name)

    def _prepare_measures(self, report):
        """Override of `_prepare_measures` to keep whose the server is, if it is not ours."""
        owner = report.owner
        is_foreign = bool(owner) and owner.uuid != self._get_manager().uuid
        return {**super()._prepare_measures(report), "foreign_owner": is_foreign and owner.name}

    def _write_check(self, is_ok, message, **measures):
        """Override of `_write_check`: a server of another manager's is of no use here."""
        other = measures.get("foreign_owner")
        if other:
            is_ok, message = False, self._prepare_owner_message(other)
        return super()._write_check(is_ok, message, **measures)

    def _prepare_owner_message(self, other):
        return self.env._(
            "This server belongs to another manager: %(owner)s. Nothing is done with it. Two managers on one server"
            " would remove each other's tenants.",
            owner=other,
        )

    def action_take_over(self):
        """Make a server this manager's that belongs to another one.

        :raise AccessError: to everybody but administrators
        """
        self.ensure_one()
        if not self.env.user.has_group("saas_manager.group_administrator"):
            raise AccessError(self.env._("Only an administrator of the SaaS manager may take a server over."))
        with self._engine_errors_as_user_errors():
            before = self._get_cluster().take_over()
        _logger.warning("server %s was taken over from %s by %s", self.name, before, self._get_asker())
        former = before.name if before else self.env._("nobody")
        self.message_post(body=self.env._("The server was taken over. It belonged to %(former)s.", former=former))
        return self.action_test_connection()
