from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestTemplateRebuild(SaasCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self._keep_builds_in_this_transaction()
        Template = self.registry["saas.template"]
        self.code = self.startPatcher(patch.object(Template, "_get_code_fingerprint", return_value="1"))
        self.env["saas.template"].search([]).active = False
        self.template.active = True
        self.template._write_protected({"built_from": self.template._get_fingerprint()})

    def _night(self):
        self.env["saas.template"]._cron_rebuild()
        return self.template.state

    def test_nothing_changed(self):
        self.assertEqual(self._night(), "ready")

    def test_the_definition_changed(self):
        self.template.modules = f"{self.template.modules},contacts_of_tomorrow"
        self.assertEqual(self._night(), "building")
        self.assertEqual(len(self._jobs(self.template, "_job_build")), 1)

    def test_the_code_changed(self):
        self.code.return_value = "2"
        self.assertEqual(self._night(), "building")

    def test_switched_off(self):
        self.env["saas.settings"]._set("saas.template_rebuild", False)
        self.code.return_value = "2"
        self.assertEqual(self._night(), "ready")
        self.env["saas.settings"]._set("saas.template_rebuild", True)
        self.assertEqual(self._night(), "building")

    def test_a_build_keeps_what_it_began_with(self):
        self.template.action_build()

        def build(spec, log):
            self.code.return_value = "2"
            return "tpl_blank_v2"

        self.builder.build.side_effect = build
        before = self.template.built_from
        self.template._job_build(self.template.build_ids[:1].id)
        self.assertEqual((self.template.database, self.template.built_from), ("tpl_blank_v2", before))
        self.assertEqual(self._night(), "building", "it changed while it was built")
