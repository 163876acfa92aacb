from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Override of `session_info` to tell the web client that the service's support is signed in.

        Administrators hear as well of users who can't sign in.
        """
        info = super().session_info()
        support = request.session.get("saas_support") if request else None
        surplus = self.env["res.users"]._get_surplus_message() if self.env.user._is_system() else None
        if support:
            info["saas_support"] = support
        if surplus:
            info["saas_surplus"] = surplus
        return info
