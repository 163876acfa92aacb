import json

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.mail.controllers.attachment import AttachmentController
from odoo.addons.web.controllers.binary import Binary, clean

from .. import storage
from ..compat import ODOO_19


class UploadController(Binary):
    """Odoo's own upload says of anything unexpected that something horrible happened: say what it is."""

    @http.route()
    def upload_attachment(self, model, id, ufile, callback=None):  # noqa: A002 - the name in Odoo's form
        """Override of `upload_attachment` to refuse in words what there is no room for."""
        files = request.httprequest.files.getlist("ufile")
        try:
            for file in files:
                storage.check(request.env, file.read())
                file.seek(0)
        except UserError as refusal:
            return self._render_refusal(str(refusal), callback)
        storage.check_again(request.env)  # Odoo stores them now
        return super().upload_attachment(model, id, ufile, callback=callback)

    def _render_refusal(self, message, callback):
        answer = json.dumps([{"error": message}])
        if not callback:
            return answer
        return (
            '<script language="javascript" type="text/javascript">'
            f"var win = window.top.window; win.jQuery(win).trigger({json.dumps(clean(callback))}, {answer});</script>"
        )


class ChatterUploadController(AttachmentController):
    """The paper clip of messages shows what is answered as `error`."""

    @http.route()
    def mail_attachment_upload(self, *args, **kwargs):
        """Override of `mail_attachment_upload` to answer in words instead of with a page of an error."""
        try:
            return super().mail_attachment_upload(*args, **kwargs)
        except UserError as refusal:
            # 19.0 shows the message of an error, and of a text none; 18.0 shows a text.
            error = {"message": str(refusal)} if ODOO_19 else str(refusal)
            return request.make_json_response({"error": error})
