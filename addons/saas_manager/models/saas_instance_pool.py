import dataclasses

from odoo import fields, models


class SaasInstancePool(models.Model):
    """An instance takes a clone that waits, if there is one: what is left to do is a new name and a new owner."""

    _inherit = "saas.instance"

    pool_key = fields.Char(
        "Clone from the Pool",
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
        help="The key of the clone that this instance was given. Empty: its database was cloned for it.",
    )

    def _prepare_provision_values(self):
        """Override of `_prepare_provision_values` to claim a clone."""
        values = super()._prepare_provision_values()
        if not values["template_database"]:
            return {**values, "pool_key": False}
        runtime = self.env["saas.runtime"].sudo().browse(values["runtime_id"])
        clone = self.env["saas.pool.clone"].sudo()._claim(self, values["template_database"], runtime)
        return {**values, "pool_key": clone._key if clone else False}

    def _prepare_tenant_spec(self):
        """Override of `_prepare_tenant_spec` to name the clone, while it is still one."""
        spec = super()._prepare_tenant_spec()
        instance = self.sudo()
        if instance.pool_key and instance.state in ("queued", "provisioning", "failed"):
            return dataclasses.replace(spec, pool_key=instance.pool_key)
        return spec

    def _get_joined_provision_steps(self):
        """Override of `_get_joined_provision_steps`: with a clone at hand all steps are quick."""
        joined = super()._get_joined_provision_steps()
        return joined | {"filestore"} if self.sudo().pool_key else joined

    def _finish_provisioning(self):
        """Override of `_finish_provisioning`: the next clone is made when this customer has waited long enough."""
        result = super()._finish_provisioning()
        self._release_pool_clone()
        return result

    def _job_undo_provisioning(self):
        """Override of `_job_undo_provisioning` to let go of the clone."""
        result = super()._job_undo_provisioning()
        if self.state == "failed":
            self._release_pool_clone()
        return result

    def _release_pool_clone(self):
        """Remove the record of the clone that was taken, and have the pool filled up."""
        self.env["saas.pool.clone"].sudo().search(
            [("instance_id", "in", self.ids), ("state", "=", "claimed")]
        )._discard()
        self.template_id.sudo()._adjust_pool()
