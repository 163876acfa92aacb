from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class _OneByOneError(Exception):
    """Makes `load` try each row by itself."""


class SaasInstanceImport(models.Model):
    """Many customers at once: Odoo's own import, with a column that provisions.

    An import is one transaction: a row that is refused, while it is created or while its provisioning is requested,
    takes the rows and jobs of all the others with it, and Odoo's test of a file leaves nothing behind.
    """

    _inherit = "saas.instance"

    provision_on_import = fields.Boolean(
        "Provision on Import",
        compute="_compute_provision_on_import",
        inverse="_inverse_provision_on_import",
        groups="saas_manager.group_manager",
        help="For imports: whether the instance is provisioned as soon as the file is accepted. It is not kept.",
    )

    def _compute_provision_on_import(self):
        self.provision_on_import = False

    def _inverse_provision_on_import(self):
        """Request the provisioning of those that ask for it: all are checked before the first one is queued."""
        wanted = self.filtered("provision_on_import")
        for instance in wanted:
            instance._check_can_become("queued")
            instance._check_can_be_provisioned()
        wanted.action_provision()
        self.invalidate_recordset(["provision_on_import"])

    # === WHAT AN IMPORT DOES OTHERWISE === #

    @api.model
    def _load_records(self, data_list, update=False):
        """Override of `_load_records` so that a row that is refused is named, and it alone.

        `load` tries all rows at once, then each by itself. What refuses all at once it says of the first row, whichever
        it was, in addition to the right one.
        """
        try:
            return super()._load_records(data_list, update)
        except UserError as error:
            if self.env.context.get("import_file") and len(data_list) > 1:
                raise _OneByOneError from error
            raise

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` for files: an empty cell means what a column that is missing means."""
        if self.env.context.get("import_file"):
            values_list = [{name: value for name, value in row.items() if value is not False} for row in values_list]
            self._check_subdomains_free([row.get("subdomain") or "" for row in values_list])
        return super().create(values_list)

    @api.model
    def _check_subdomains_free(self, subdomains):
        """Say in words what the database would say in its own: `load` has no message for this constraint."""
        names = [name.strip().lower() for name in subdomains]
        for name in self._get_holders(names):
            raise ValidationError(self._get_taken_message(name))

    @api.model
    def get_import_templates(self):
        """Return what the import page offers as an example."""
        return [
            {
                "label": self.env._("Import Template for Instances"),
                "template": "/saas_manager/static/csv/saas_instance.csv",
            }
        ]
