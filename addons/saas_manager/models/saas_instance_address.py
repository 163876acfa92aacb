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
        for instance in self:
            instance.url = instance._get_url(instance.subdomain)

    @api.model
    def _get_public_scheme_and_port(self):
        """Return how browsers reach the proxy, such as `("http", ":8080")`; the port is empty where it is implied."""
        settings = self.env["saas.settings"]
        scheme, port = settings._get("saas.public_scheme"), settings._get("saas.public_port")
        implied = {"http": 80, "https": 443}[scheme]
        return scheme, f":{port}" if port not in (0, implied) else ""

    def _get_url(self, subdomain):
        """Return the public address of this instance at a subdomain, or False if that is empty."""
        return self._get_public_url(self._get_host(subdomain))

    @api.model
    def _get_public_url(self, host):
        """Return the public address of a host, or False where there is none."""
        scheme, port = self._get_public_scheme_and_port()
        return f"{scheme}://{host}{port}" if host else False

    def _get_host(self, subdomain=None):
        """Return the full host name of this instance, or False while it has no subdomain.

        :param str subdomain: another one than its own
        """
        self.ensure_one()
        subdomain = subdomain or self.subdomain
        return subdomain and f"{subdomain}.{self.sudo().server_id._get_base_domain()}"

    @api.depends("subdomain", "state")
    def _compute_subdomain_hint(self):
        drafts = self.filtered(lambda instance: instance.state == "draft" and instance.subdomain)
        self.subdomain_hint = self.is_subdomain_free = False
        holders = self._get_holders([name.strip().lower() for name in drafts.mapped("subdomain")])
        for instance in drafts:
            problem = instance._get_subdomain_problem(instance.subdomain, holders)
            instance.is_subdomain_free = not problem
            instance.subdomain_hint = problem or self.env._("%(name)s is free.", name=instance.subdomain)

    def _get_subdomain_problem(self, subdomain, holders=None):
        """Return why this instance can't have a subdomain, in words, or None.

        :param dict holders: from `_get_holders`, where many are asked about
        """
        try:
            name = naming.subdomain(subdomain)
        except InvalidNameError as error:
            return str(error)
        holders = self._get_holders([name]) if holders is None else holders
        if holders.get(name, self._origin.id) != self._origin.id:
            return self._get_taken_message(name)
        return None

    @api.model
    def _get_taken_message(self, subdomain):
        return self.env._("%(name)s is taken. Choose another subdomain.", name=subdomain)

    @api.model
    def _get_holders(self, subdomains):
        """Return which instance, of any company, holds each of these subdomains: name -> id."""
        domain = [("subdomain", "in", subdomains), ("state", "!=", "terminated")]
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
