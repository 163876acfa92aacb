import os
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.base.models.ir_actions_report import IrActionsReport as Report

from .. import gateway
from .common import Gateway, TenantCase


@tagged("post_install", "-at_install")
class TestReport(TenantCase):
    def setUp(self):
        super().setUp()
        self.report = self.env["ir.actions.report"]
        self.env["ir.config_parameter"].set_param("report.url", False)
        self.env["ir.config_parameter"].set_param("web.base.url", "https://acme.example.com:8443")

    def _print(self):
        """Return the proxy that the program would be told of."""
        seen = []

        def run(*args, **kwargs):
            seen.append(os.environ.get("http_proxy"))

        before = dict(os.environ)
        with patch.object(Report, "_run_wkhtmltopdf", run):
            self.report._run_wkhtmltopdf([])
        self.assertEqual(dict(os.environ), before)
        return seen[0]

    def _service(self, interface=""):
        self.startPatcher(patch.object(gateway, "limits", Gateway))
        self.startPatcher(patch.object(gateway, "config", {"http_port": 8169, "http_interface": interface}))

    def test_the_service_is_the_proxy(self):
        self._service("0.0.0.0")  # noqa: S104 - what is bound in an installation
        self.assertEqual(self.report._get_report_url(), "http://acme.example.com:8443")
        self.assertEqual(self._print(), "http://127.0.0.1:8169")

    def test_an_interface_of_its_own(self):
        self._service("192.0.2.7")
        self.assertEqual(self._print(), "http://192.0.2.7:8169")

    def test_a_report_url_of_the_tenants_own_leads_here_too(self):
        self._service()
        self.env["ir.config_parameter"].set_param("report.url", "https://elsewhere.example")
        self.assertEqual(self.report._get_report_url(), "http://elsewhere.example")

    def test_without_a_gateway_everything_is_odoos(self):
        self.assertEqual(self.report._get_report_url(), "https://acme.example.com:8443")
        self.assertIsNone(self._print())
