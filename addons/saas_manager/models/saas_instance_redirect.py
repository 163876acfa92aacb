from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..compat import Constraint


class SaasInstanceRedirect(models.Model):
    """An address that an instance has left. It leads to the present one for a while, and nobody else gets the name."""

    _name = "saas.instance.redirect"
    _description = "Former Address"
    _order = "until desc, id desc"

    instance_id = fields.Many2one("saas.instance", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="instance_id.company_id", store=True)
    name = fields.Char("Subdomain", required=True, readonly=True)
    url = fields.Char("Former Address", compute="_compute_url")
    until = fields.Datetime("Leads On Until", required=True, readonly=True)

    _name_unique = Constraint("UNIQUE (name)", "Another instance was found at this subdomain until now.")

    @api.depends("name", "instance_id.server_id.base_domain")
    def _compute_url(self):
        for redirect in self:
            redirect.url = redirect.instance_id._get_url(redirect.name)

    @api.model
    def _get_alive_domain(self):
        return [("until", ">", fields.Datetime.now()), ("instance_id.state", "!=", "terminated")]

    def action_end(self):
        """Stop leading on, now; others may have the name then."""
        self.ensure_one()
        self.instance_id.check_access("write")
        if not self.env.user.has_group("saas_manager.group_manager"):
            raise AccessError(self.env._("Former addresses are given up by managers."))
        instance, message = self.instance_id, self.env._("%(url)s does not lead here any more.", url=self.url)
        self.sudo().unlink()
        instance._log_event("renamed", message)
        instance._enqueue("_job_publish_redirects")
        return True

    @api.autovacuum
    def _gc_expired(self):
        """Forget those that have expired: the directory ends them by the clock."""
        self.search([("until", "<=", fields.Datetime.now())], limit=1000).unlink()
