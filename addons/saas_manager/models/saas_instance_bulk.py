from odoo import api, models
from odoo.exceptions import UserError

from .saas_instance_suspension import SUSPENDABLE_STATES
from .saas_instance_welcome import WELCOME_STATES


class SaasInstanceBulk(models.Model):
    """What can be done to many instances at once: the buttons of the form, with their own rules."""

    _inherit = "saas.instance"

    @api.model
    def _get_bulk_actions(self):
        """Return what the wizard for many offers: code -> the states from which it is possible.

        Other addons add their own, with a method `_bulk_<code>(wizard)` that does it to one instance.
        """
        return {
            "provision": self._lifecycle["queued"],
            "suspend": SUSPENDABLE_STATES,
            "resume": ("suspended",),
            "undo": ("terminating",),
            "terminate": self._lifecycle["terminating"],
            "welcome": WELCOME_STATES,
        }

    def _get_bulk_problem(self, action):
        """Return in words why an action is not possible for this instance, or False.

        :param str action: one of `_get_bulk_actions`
        """
        self.ensure_one()
        if self.state not in self._get_bulk_actions()[action]:
            state = dict(self._fields["state"]._description_selection(self.env))[self.state]
            return self.env._("Its state is %(state)s.", state=state)
        try:
            self._check_bulk(action)
        except UserError as error:
            return str(error)
        return False

    def _check_bulk(self, action):
        """Raise a `UserError` for what stands in an action's way apart from the state."""
        if action == "provision":
            self._check_can_be_provisioned()

    def _run_bulk(self, action, wizard):
        """Do an action to this instance.

        :param wizard: what the person has filled in
        :raise UserError: when it is not possible, any more
        """
        self.ensure_one()
        problem = self._get_bulk_problem(action)
        if problem:
            raise UserError(problem)
        getattr(self, f"_bulk_{action}")(wizard)

    def _bulk_provision(self, _wizard):
        self.action_provision()

    def _bulk_suspend(self, wizard):
        self.action_suspend(wizard.reason)

    def _bulk_resume(self, _wizard):
        self.action_resume()

    def _bulk_undo(self, _wizard):
        self.action_resume()

    def _bulk_terminate(self, _wizard):
        self.action_terminate(self.subdomain)

    def _bulk_welcome(self, _wizard):
        self.action_send_welcome()
