import contextlib
import os
from urllib.parse import urlsplit

from odoo import api, models

from .. import gateway, storage

PROXY = "http_proxy"


class IrActionsReport(models.Model):
    """The program that prints reports fetches their styles and pictures from this very service.

    The public address may lead nowhere from in here: names that only browsers know, a proxy in another network, TLS.
    The service chooses the tenant by the host of a request, so it serves as the program's proxy: every name leads to
    it. Whatever else a tenant's report refers to, in our network or outside, is not reached.
    """

    _inherit = "ir.actions.report"

    def _get_report_url(self, layout=None):
        """Override of `_get_report_url`: without TLS, which a proxy could not look into."""
        url = super()._get_report_url(layout=layout)
        return f"http://{urlsplit(url).netloc}" if gateway.own_address() else url

    def _render_qweb_pdf(self, *args, **kwargs):
        """Override of `_render_qweb_pdf`: a document that Odoo makes is kept, however full the storage is."""
        with storage.exempt(self.env):
            result = super()._render_qweb_pdf(*args, **kwargs)
        storage.let_documents_in(self.env)
        return result

    @api.model
    def _run_wkhtmltopdf(self, *args, **kwargs):
        """Override of `_run_wkhtmltopdf` to name the proxy."""
        with _proxy_for_children(gateway.own_address()):
            return super()._run_wkhtmltopdf(*args, **kwargs)


@contextlib.contextmanager
def _proxy_for_children(proxy):
    """Let programs that are started now use a proxy. By the environment: Debian's build ignores the argument.

    A worker serves one request at a time, so nobody else's program starts meanwhile.
    """
    if not proxy:
        yield
        return
    before = os.environ.get(PROXY)
    os.environ[PROXY] = proxy
    try:
        yield
    finally:
        if before is None:
            del os.environ[PROXY]
        else:
            os.environ[PROXY] = before
