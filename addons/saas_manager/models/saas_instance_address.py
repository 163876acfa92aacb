from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..saas_engine import naming
from ..saas_engine.errors import InvalidNameError


class SaasInstanceAddress(models.Model):
    _inherit = "saas.instance"

    url = fields.Char("Address", compute="_compute_url")
    subdomain_hint = fields.Char(compute="_compute_subdomain_hint")
    is_subdomain_free = fields.Boolean(compute="_compute_subdomain_hint")

    @api.depends("subdomain", "server_id.base_domain")
    def _compute_url(self):
        scheme, port = self._get_public_scheme_and_port()
        for instance in self:
            host = instance._get_host()
            instance.url = f"{scheme}://{host}{port}" if host else False

    @api.model
    def _get_public_scheme_and_port(self):
        """Return how browsers reach the proxy, such as `("http", ":8080")`; the port is empty where it is implied."""
        settings = self.env["saas.settings"]
        scheme, port = settings._get("saas.public_scheme"), settings._get("saas.public_port")
        implied = {"http": 80, "https": 443}[scheme]
        return scheme, f":{port}" if port not in (0, implied) else ""

    def _get_host(self):
        """Return the full host name of this instance, or False while it has no subdomain."""
        self.ensure_one()
        server = self.sudo().server_id
        return self.subdomain and f"{self.subdomain}.{server._get_base_domain()}"

    @api.depends("subdomain", "state")
    def _compute_subdomain_hint(self):
        drafts = self.filtered(lambda instance: instance.state == "draft" and instance.subdomain)
        self.subdomain_hint = self.is_subdomain_free = False
        holders = drafts._get_subdomain_holders()
        for instance in drafts:
            try:
                name = naming.subdomain(instance.subdomain)
            except InvalidNameError as error:
                instance.is_subdomain_free, instance.subdomain_hint = False, str(error)
                continue
            instance.is_subdomain_free = holders.get(name, instance._origin.id) == instance._origin.id
            instance.subdomain_hint = (
                self.env._("%(name)s is free.", name=name)
                if instance.is_subdomain_free
                else self.env._("%(name)s is taken. Choose another subdomain.", name=name)
            )

    def _get_subdomain_holders(self):
        """Return which instance, of any company, holds each of these subdomains: name -> id."""
        names = [name.strip().lower() for name in self.mapped("subdomain")]
        domain = [("subdomain", "in", names), ("state", "!=", "terminated")]
        return {row["subdomain"]: row["id"] for row in self.sudo().search_read(domain, ["subdomain"])}

    @api.onchange("subdomain")
    def _onchange_subdomain(self):
        if self.subdomain:
            self.subdomain = self.subdomain.strip().lower()

    @api.constrains("subdomain")
    def _check_subdomain(self):
        for instance in self:
            try:
                if naming.subdomain(instance.subdomain) != instance.subdomain:
                    raise ValidationError(self.env._("A subdomain is written in lower case."))
            except InvalidNameError as error:
                raise ValidationError(str(error)) from error

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` to fold the case of subdomains."""
        return super().create([self._fold_subdomain(values) for values in values_list])

    def write(self, values):
        """Override of `write` to fold the case of subdomains."""
        return super().write(self._fold_subdomain(values))

    @api.model
    def _fold_subdomain(self, values):
        if isinstance(values.get("subdomain"), str):
            if "\0" in values["subdomain"]:  # PostgreSQL's driver would refuse it with a less helpful error
                raise ValidationError(self.env._("A subdomain consists of letters, digits and dashes."))
            return {**values, "subdomain": values["subdomain"].strip().lower()}
        return values
