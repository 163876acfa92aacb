from odoo import api, fields, models


class SaasRenameWizard(models.TransientModel):
    _name = "saas.rename.wizard"
    _description = "Change the Address of an Instance"

    instance_id = fields.Many2one("saas.instance", required=True, readonly=True)
    url = fields.Char("Present Address", related="instance_id.url")
    subdomain = fields.Char("New Subdomain")
    new_url = fields.Char("New Address", compute="_compute_hint")
    hint = fields.Char(compute="_compute_hint")
    is_free = fields.Boolean(compute="_compute_hint")
    redirect_days = fields.Integer(compute="_compute_redirect_days")

    @api.depends("subdomain", "instance_id")
    def _compute_hint(self):
        for wizard in self:
            name = (wizard.subdomain or "").strip().lower()
            problem = name and wizard.instance_id._get_subdomain_problem(name)
            wizard.is_free = bool(name) and not problem and name != wizard.instance_id.subdomain
            wizard.hint = problem or (wizard.is_free and self.env._("%(name)s is free.", name=name))
            wizard.new_url = wizard.is_free and wizard.instance_id._get_url(name)

    @api.depends("instance_id")
    def _compute_redirect_days(self):
        self.redirect_days = self.env["saas.settings"]._get("saas.redirect_days")

    def action_confirm(self):
        """Queue the change."""
        self.ensure_one()
        self.instance_id.action_rename(self.subdomain)
        return {"type": "ir.actions.act_window_close"}
