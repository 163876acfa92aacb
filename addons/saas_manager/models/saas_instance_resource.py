from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..saas_engine import measure


class SaasInstanceResource(models.Model):
    """An instance as a part of a subscription. One without a subscription lives by its buttons alone."""

    _name = "saas.instance"
    _inherit = ["saas.instance", "saas.resource.mixin"]

    subscription_id = fields.Many2one(
        tracking=True,
        domain="[('partner_id', 'child_of', partner_id), ('company_id', '=', company_id),"
        " ('state', 'not in', ('cancelled', 'expired'))]",
    )

    @api.constrains("subscription_id", "partner_id", "company_id")
    def _check_subscription(self):
        for instance in self.sudo().filtered("subscription_id"):
            subscription = instance.subscription_id
            if instance.company_id != subscription.company_id:
                raise ValidationError(self.env._("An instance and its subscription belong to the same company."))
            if instance.partner_id.commercial_partner_id != subscription.partner_id.commercial_partner_id:
                raise ValidationError(self.env._("An instance and its subscription belong to the same customer."))

    def _prepare_limits(self):
        """Return the limits that the directory publishes: those of the plan and what was bought beside it."""
        self.ensure_one()
        limits = self.plan_id._prepare_limits()
        for name, extra in self.subscription_id._prepare_extra_limits().items():
            if limits[name]:  # 0 is unlimited
                limits[name] += extra
        return limits

    def action_view_subscription(self):
        """Open the subscription that pays for this instance."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "saas.subscription",
            "res_id": self.subscription_id.id,
            "view_mode": "form",
        }

    # === RESOURCE === #

    def _saas_activate(self):
        """Override of `_saas_activate` to provision what is a draft or has failed."""
        waiting = self.filtered(lambda instance: instance.state in ("draft", "failed"))
        for instance in waiting:
            instance.action_provision()
        return waiting

    def _saas_suspend(self, reason):
        """Override of `_saas_suspend` to take the address off the air."""
        running = self.filtered(lambda instance: instance.state == "active")
        running.action_suspend(reason)
        return running

    def _saas_resume(self):
        """Override of `_saas_resume` to put the address back on the air."""
        off = self.filtered(lambda instance: instance.state in ("suspended", "terminating"))
        off.action_resume()
        # What a termination has found suspended comes back suspended. That is undone too, but not what a person did.
        off.filtered(lambda each: each.state == "suspended" and each.subscription_hold == "suspended").action_resume()
        return off

    def _saas_terminate(self):
        """Override of `_saas_terminate`: off at once, deleted after the usual grace, with a final backup."""
        running = self.filtered(lambda instance: instance.state in ("active", "suspended"))
        for instance in running:
            instance.action_terminate(instance.subdomain)
        return running

    def _saas_measure(self):
        """Override of `_saas_measure` to ask the tenant's own database, logged in as the tenant, and its disk."""
        self.ensure_one()
        if self.state not in ("active", "suspended"):
            return {}
        provisioner = self._get_provisioner()
        with provisioner.connect(self._prepare_tenant_spec()) as connection:
            return measure.use(connection, provisioner.cluster, provisioner.runtime, self.subdomain)

    def _saas_apply_plan(self, plan):
        """Override of `_saas_apply_plan`: a changed plan publishes itself, changed extras need a word."""
        changed = self.filtered(lambda instance: instance.plan_id != plan)
        changed.plan_id = plan
        (self - changed).plan_id.sudo()._publish_limits()
        return changed

    def _saas_is_gone(self):
        """Override of `_saas_is_gone`."""
        self.ensure_one()
        return self.state == "terminated"

    def _saas_get_deletion_date(self):
        """Override of `_saas_get_deletion_date`."""
        self.ensure_one()
        return self.deletion_date if self.state == "terminating" else False

    def _saas_set_hold(self, hold):
        """Override of `_saas_set_hold` to pass the lifecycle's guard."""
        self._write_protected({"subscription_hold": hold})
