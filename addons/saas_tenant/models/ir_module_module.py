from odoo import api, models
from odoo.exceptions import UserError

from .. import app_limit, policy

THIS_ADDON = "saas_tenant"
STATES_IN_PLACE = {"installed", "to upgrade"}
STATES_COMING = {"to install", *STATES_IN_PLACE}


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `create` to refuse apps that the plan does not include."""
        modules = super().create(vals_list)
        modules.filtered(lambda module: module.state in STATES_COMING)._check_may_come()
        return modules

    def write(self, vals):
        """Override of `write` to keep this addon in place, however it is asked to go, and others out.

        Refused here and not when modules are loaded: an error then would leave the database without a registry.
        """
        leaves = "state" in vals and vals["state"] not in STATES_IN_PLACE
        renames = "name" in vals and vals["name"] != THIS_ADDON
        if leaves or renames:
            self.filtered(lambda module: module.state in STATES_IN_PLACE)._check_may_leave()
        if vals.get("state") in STATES_COMING:
            self.filtered(lambda module: module.state not in STATES_COMING)._check_may_come()
        return super().write(vals)

    def button_install(self):
        """Override of `button_install` to name the app that was asked for, not one that it needs."""
        self._check_may_come_with_all()
        return super().button_install()

    def button_immediate_install(self):
        """Override of `button_immediate_install` to refuse before Odoo waits for scheduled actions."""
        self._check_may_come_with_all()
        return super().button_immediate_install()

    def _check_may_come_with_all(self):
        coming = self.filtered(lambda module: module.state not in STATES_COMING)
        coming._check_may_come()
        coming.upstream_dependencies(exclude_states=tuple(STATES_COMING))._check_may_come()

    def button_immediate_uninstall(self):
        """Override of `button_immediate_uninstall` to refuse before Odoo waits for scheduled actions.

        While one runs Odoo can't say so in words: its transaction has failed by then.
        """
        (self | self.downstream_dependencies())._check_may_leave()
        return super().button_immediate_uninstall()

    def module_uninstall(self):
        """Override of `module_uninstall` to refuse this addon when asked for directly."""
        self._check_may_leave()
        return super().module_uninstall()

    def _check_may_leave(self):
        if THIS_ADDON not in self.mapped("name") or policy.is_command() or not self.env.registry.ready:
            return
        raise UserError(
            self.env._(
                "The app %(name)s belongs to the service that runs this site and cannot be uninstalled, nor can the"
                " apps that it needs.",
                name=THIS_ADDON,
            )
        )

    def _check_may_come(self):
        if self and self.env.registry.ready and not policy.is_command():
            app_limit.check(self.env, self)

    def _import_module(self, module, path, *args, **kwargs):
        """Override of `base_import_module` to refuse a module from a file or from the web: it may bring code."""
        self._check_may_import()
        return super()._import_module(module, path, *args, **kwargs)

    def _import_zipfile(self, module_file, *args, **kwargs):
        """Override of `base_import_module` to refuse the same before anything is unpacked."""
        self._check_may_import()
        return super()._import_zipfile(module_file, *args, **kwargs)

    def _check_may_import(self):
        if not policy.is_own_code_allowed(self.env):
            policy.refuse_own_code(self.env, self.env._("A module of your own"))
