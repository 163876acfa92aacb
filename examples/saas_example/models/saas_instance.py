from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_manager.saas_engine import personalise

PARAMETER = "saas_example.support_contact"


class SaasInstance(models.Model):
    """A person at our side whom the customer may ask, known in the customer's database too."""

    _inherit = "saas.instance"

    support_user_id = fields.Many2one(
        "res.users",
        "Support Contact",
        default=lambda self: self.env.user,
        groups="saas_manager.group_user",
        help="Written into the customer's database when it is provisioned.",
    )

    @api.model
    def _get_provision_steps(self):
        """Override of `_get_provision_steps` to insert a step before the address is published."""
        steps = super()._get_provision_steps()
        position = steps.index("publish")
        return [*steps[:position], "support", *steps[position:]]

    def _get_joined_provision_steps(self):
        """Override of `_get_joined_provision_steps`: the step takes milliseconds and needs no job of its own."""
        return super()._get_joined_provision_steps() | {"support"}

    @api.model
    def _get_provision_step_labels(self):
        """Override of `_get_provision_step_labels` to name the step."""
        return {**super()._get_provision_step_labels(), "support": self.env._("Introduce the support contact")}

    def _provision_step_support(self):
        """Write the contact into the tenant's database, logged in as the tenant. Running twice changes nothing."""
        contact = self.sudo().support_user_id
        if not contact:
            return
        with (
            self._get_provisioner().connect(self._prepare_tenant_spec()) as connection,
            connection,
            connection.cursor() as cr,
        ):
            personalise.set_parameter(cr, PARAMETER, contact.email_formatted)

    def _check_can_be_provisioned(self):
        """Override of `_check_can_be_provisioned` to refuse at the click what would be of no use to the customer."""
        result = super()._check_can_be_provisioned()
        contact = self.sudo().support_user_id
        if contact and not contact.email:
            raise UserError(
                self.env._(
                    "%(name)s has no email address. Give the support contact one, or choose somebody else.",
                    name=contact.name,
                )
            )
        return result
