from odoo import api, models

from .saas_subscription_line import EXTRA_LIMITS


class SaasSubscriptionResources(models.Model):
    """How a subscription drives what it pays for. It calls its resources; they never call it."""

    _inherit = "saas.subscription"

    @api.model
    def _get_resource_fields(self):
        """Return the One2many fields that lead to resources. Addons add their own (`saas.resource.mixin`)."""
        return ["instance_ids"]

    def _get_resources(self):
        """Return a list with the resources, one recordset per model that has any."""
        # Whoever may end or pay a contract may let it act, whatever rights they have on what it covers.
        mine = self.sudo()
        return [mine[name] for name in mine._get_resource_fields() if mine[name]]

    def _activate_resources(self):
        for resources in self._get_resources():
            resources._saas_apply_plan(self.sudo().plan_id)
            resources._saas_activate()

    def _suspend_resources(self, reason):
        for resources in self._get_resources():
            resources._saas_suspend(reason)._saas_set_hold("suspended")

    def _terminate_resources(self):
        for resources in self._get_resources():
            gone = resources._saas_terminate()
            gone.filtered(lambda resource: not resource.subscription_hold)._saas_set_hold("terminated")

    def _resume_resources(self):
        """Bring back what this subscription has switched off; what a person has switched off stays off."""
        for resources in self._get_resources():
            held = resources.filtered(lambda resource: resource.subscription_hold and not resource._saas_is_gone())
            held._saas_resume()
            held._saas_set_hold(False)

    def _has_lost_resources(self):
        """Tell whether everything that the subscription has paid for is deleted."""
        resources = self._get_resources()
        return bool(resources) and all(each._saas_is_gone() for group in resources for each in group)

    def _publish_limits(self):
        """Let the plan and what was bought beside it apply to the resources."""
        for subscription in self:
            for resources in subscription._get_resources():
                resources._saas_apply_plan(subscription.sudo().plan_id)

    def _prepare_extra_limits(self):
        """Return what lines add to the limits of the plan: name of the limit -> how much more."""
        extras = dict.fromkeys((name for name, _unit in EXTRA_LIMITS.values()), 0)
        for line in self.sudo().line_ids.filtered(lambda line: line.kind in EXTRA_LIMITS):
            name, unit = EXTRA_LIMITS[line.kind]
            extras[name] += round(line.quantity * unit)
        return extras

    def _measure_resources(self):
        """Return the greatest use of any single resource, for limits that count for each: name -> number."""
        use = {}
        for resources in self._get_resources():
            for resource in resources:
                for name, value in resource._saas_measure().items():
                    use[name] = max(use.get(name, 0), value)
        return use
