from odoo import fields, models


class SaasResourceMixin(models.AbstractModel):
    """Something that a subscription pays for: an instance, or what another addon sells beside it.

    The subscription calls these methods, never the reverse. They may be called twice, and on records that are in no
    state for them: such records are left alone. Each returns the records that it has really changed, so that the
    subscription brings back what it has switched off itself, and nothing that a person has switched off.

    A model that inherits this also needs a One2many on the subscription, whose name it adds to
    `_get_resource_fields` there.
    """

    _name = "saas.resource.mixin"
    _description = "What a subscription pays for"

    subscription_id = fields.Many2one(
        "saas.subscription", index=True, ondelete="restrict", copy=False, groups="saas_manager.group_user"
    )
    subscription_hold = fields.Selection(
        [("suspended", "Suspended by the Subscription"), ("terminated", "Terminated by the Subscription")],
        readonly=True,
        copy=False,
        groups="saas_manager.group_user",
        help="What the subscription has done to it first, and will undo when it is paid.",
    )

    def _saas_activate(self):
        """Begin to deliver: the contract has begun, on trial or paid."""
        raise NotImplementedError

    def _saas_suspend(self, reason):
        """Switch off, without loss.

        :param str reason: what visitors read
        """
        raise NotImplementedError

    def _saas_resume(self):
        """Switch on again what `_saas_suspend` or `_saas_terminate` has switched off."""
        raise NotImplementedError

    def _saas_terminate(self):
        """Switch off and plan the deletion. `_saas_resume` undoes it until then."""
        raise NotImplementedError

    def _saas_measure(self):
        """Return the present use of one record: `users`, `storage_gb`. What is not known is left out.

        :raise EngineError: when it can't be measured now
        """
        raise NotImplementedError

    def _saas_apply_plan(self, plan):
        """Let a plan's limits apply from now on.

        :param plan: `saas.plan`
        """
        raise NotImplementedError

    def _saas_publish_notices(self):
        """Tell the people who use it what `_prepare_notices` of the subscription says now. Does nothing here."""

    def _saas_is_gone(self):
        """Tell whether one record can't be brought back any more."""
        raise NotImplementedError

    def _saas_get_deletion_date(self):
        """Return when one record is going to be deleted, or False."""
        return False

    def _saas_set_hold(self, hold):
        """Remember what the subscription has done to these records.

        :param hold: ``suspended``, ``terminated`` or False
        """
        self.write({"subscription_hold": hold})
