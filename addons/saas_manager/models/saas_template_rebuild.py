import dataclasses
import hashlib
import json

from odoo import api, fields, models

from ..saas_engine import code_state


class SaasTemplateRebuild(models.Model):
    """Templates are built again at night when their definition or the tenants' code has changed since."""

    _inherit = "saas.template"

    built_from = fields.Char(readonly=True, copy=False, groups="saas_manager.group_user")

    def _get_fingerprint(self):
        """Return a hash of all that a build follows from: the definition, and the code of its runtime."""
        self.ensure_one()
        definition = json.dumps(dataclasses.asdict(self._prepare_template_spec(0)), sort_keys=True)
        return hashlib.sha256(f"{definition}{self._get_code_fingerprint()}".encode()).hexdigest()

    def _get_code_fingerprint(self):
        return code_state.fingerprint(self.sudo().runtime_id._get_runtime())

    def _job_build(self, build_id):
        """Override of `_job_build` to keep what the version was built from: noted first, it may change meanwhile."""
        with self._engine_errors_as_job_errors():
            fingerprint = self._get_fingerprint()
        result = super()._job_build(build_id)
        if self.database and result == self.database:
            self._write_protected({"built_from": fingerprint})
        return result

    @api.model
    def _cron_rebuild(self):
        """Build again what is not up to date. Instances are not touched; the version in use stays until then."""
        if not self.env["saas.settings"]._get("saas.template_rebuild"):
            return
        ready = self.search([("state", "=", "ready"), ("built_from", "!=", False)])
        for template in ready:
            fingerprint = template._get_fingerprint()
            if fingerprint != template.built_from and template._is_rebuilt_at_night(fingerprint):
                message = self.env._("Its definition or the code has changed: it is built again.")
                self.env["saas.event"]._log(template, "note", message)
                template._queue_build()

    def _is_rebuilt_at_night(self, fingerprint):
        """Tell whether this template, which is not up to date, is built again by itself. Addons may say no.

        :param str fingerprint: of what it would be built from
        """
        self.ensure_one()
        return True
