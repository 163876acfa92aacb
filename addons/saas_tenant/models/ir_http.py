from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Override of `session_info` to tell the web client who is signed in, and what the service says."""
        info = super().session_info()
        support = request.session.get("saas_support") if request else None
        if support:
            info["saas_support"] = support
        if self.env.user.has_group("base.group_system"):
            info["saas_notices"] = self.env["saas.tenant.notice"].get_notices()
        return info
