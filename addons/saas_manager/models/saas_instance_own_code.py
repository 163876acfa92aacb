from odoo import models
from odoo.exceptions import UserError

from ..saas_engine import own_code

NAMED = 5  # of what stands in the way, people read the first few


class SaasInstanceOwnCode(models.Model):
    """What the plan's own code means for an instance: it gets a service of its own, and leaves it without code only."""

    _inherit = "saas.instance"

    def _prepare_limits(self):
        """Override of `_prepare_limits` to name the plans that allow own code, for who is refused it."""
        return {**super()._prepare_limits(), "own_code_plans": self._get_own_code_plans()}

    def _get_own_code_plans(self):
        plans = self.env["saas.plan"].sudo()
        plans = plans.browse(plans._get_own_code_ids())
        return self._in_administrators_language(plans).mapped("name")

    def _finish_provisioning(self):
        """Override of `_finish_provisioning`: one whose plan allows own code goes on to a service of its own.

        It is provisioned in the shared one, from the pool: the customer has it at once, and nothing is made twice.
        """
        result = super()._finish_provisioning()
        if self.sudo()._get_move_target() == "dedicated":
            self.action_move("dedicated")
        return result

    def _refuse_own_code(self, spec):
        """Raise unless the instance has nothing that the shared service would refuse. Asks the instance itself.

        :param TenantSpec spec: the instance's
        """
        with self._get_provisioner().administer(spec) as odoo:
            found = own_code.listed(odoo)
        if found:
            names = ", ".join(f"{each['name']} ({each['what']})" for each in found[:NAMED])
            names += ", …" if len(found) > NAMED else ""
            raise UserError(
                self.env._(
                    "It has code of its own, which the shared service does not run. Remove it first, %(count)s in all:"
                    " %(names)s.",
                    count=len(found),
                    names=names,
                )
            )

    def write(self, values):
        """Override of `write` to notice a plan that does not pay for a service of one's own any more."""
        result = super().write(values)
        if "plan_id" in values:
            self._report_lost_own_code()
        return result

    def _report_lost_own_code(self):
        """Put instances on people's lists that are in a service of their own without a plan for it.

        They are not moved by themselves: their code would stop working, and somebody has to talk to the customer.
        """
        for instance in self.sudo():
            if instance.runtime_id.kind == "dedicated" and not instance.plan_id.own_code:
                instance._report_problem(
                    self.env._(
                        'The plan "%(plan)s" allows no code of one\'s own, yet the instance is in a service of its own.'
                        " Ask the customer to remove the code, then move it to the shared service; or change the plan.",
                        plan=instance.plan_id.name,
                    ),
                    self.env._("Its plan has no service of its own"),
                )

    def _job_publish_redirects(self):
        """Override of `_job_publish_redirects`: a service of its own is found by the proxy under each address."""
        result = super()._job_publish_redirects()
        if self.sudo().runtime_id.kind == "dedicated" and not self.rename_to and not self.move_to_id:
            redirects = self._prepare_published_redirects(self._prepare_redirects(self.subdomain))
            with self._engine_errors_as_job_errors():
                self._get_provisioner().route((self._get_host(),), redirects)
        return result

    def _remove(self, final):
        """Override of `_remove`: its service goes with it."""
        runtime = self.sudo().runtime_id
        result = super()._remove(final)
        if runtime.kind == "dedicated":
            runtime._enqueue("_job_remove")
        return result
