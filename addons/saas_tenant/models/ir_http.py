from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Override of `session_info` to tell the web client that the service's support is signed in."""
        info = super().session_info()
        support = request.session.get("saas_support") if request else None
        return {**info, "saas_support": support} if support else info
