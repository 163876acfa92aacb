from odoo import api, models

from ..own_code import check

QWEB, LINE = "body_html", "subject"


class MailRenderMixin(models.AbstractModel):
    """The last look at a template of a mail or a text message: not all that is rendered was saved in a record."""

    _inherit = "mail.render.mixin"

    @api.model
    def _render_template_qweb(self, template_src, *args, **kwargs):
        """Override of `_render_template_qweb` to refuse expressions that are new."""
        check.check_text(self.env["mail.template"], QWEB, template_src)
        return super()._render_template_qweb(template_src, *args, **kwargs)

    @api.model
    def _render_template_inline_template(self, template_txt, *args, **kwargs):
        """Override of `_render_template_inline_template` to refuse expressions that are new."""
        check.check_text(self.env["mail.template"], LINE, template_txt)
        return super()._render_template_inline_template(template_txt, *args, **kwargs)
