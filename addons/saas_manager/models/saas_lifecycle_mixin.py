from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# Identity, not value, is what counts: nobody can send this object over RPC in a context.
TRANSITION = object()


class SaasLifecycleMixin(models.AbstractModel):
    """A state machine with one door.

    The model has a field `state` and says in `_lifecycle` from which states each state may be reached. Everything
    that changes the state goes through `_transition`; whatever else writes to a protected field is refused, over
    RPC and import too.
    """

    _name = "saas.lifecycle.mixin"
    _description = "States with one transition funnel"

    _lifecycle = {}
    _lifecycle_initial = "draft"
    _lifecycle_protected = frozenset({"state"})
    _fixed_after_draft = frozenset()

    def _transition(self, state, **values):
        """Move records to a state, and write what goes with it.

        :param str state: the state to reach
        :param values: other fields to write in the same go
        :return: the records that were moved; those that were in the state already are left alone
        :raise AccessError: when the user may not write the record
        :raise UserError: when a record is in a state from which this one can't be reached
        """
        self._begin_transition()
        moving = self.filtered(lambda record: record.state != state)
        for record in moving:
            record._check_can_become(state)
        moving._write_protected({**values, "state": state})
        return moving

    def _begin_transition(self):
        """Check that the user may write the records, and look at their states as nobody else changes them."""
        self.check_access("write")
        self._lock_for_transition()

    def _check_can_become(self, state, sources=None):
        """Refuse what the life cycle, or one of its buttons, does not provide for.

        :param str state: the state to reach
        :param sources: the states from which an action may begin, where it may not from all of the life cycle's
        """
        self.ensure_one()
        if self.state not in (self._lifecycle[state] if sources is None else sources):
            raise UserError(self._transition_error_message(state))

    def _lock_for_transition(self):
        """Make two people who click at the same moment wait for each other."""
        ids, table = tuple(self.ids) or (0,), SQL.identifier(self._table)
        # Not FOR UPDATE: a job that is queued meanwhile refers to the record, and must not wait.
        self.env.cr.execute(SQL("SELECT id FROM %s WHERE id IN %s FOR NO KEY UPDATE", table, ids))
        self.invalidate_recordset(["state"])

    def _transition_error_message(self, state):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            '"%(record)s" is %(present)s and can\'t become %(wanted)s.',
            record=self.display_name,
            present=labels[self.state],
            wanted=labels[state],
        )

    def _write_protected(self, values):
        """Write fields that only the addon's own code may write."""
        return self.with_context(saas_transition=TRANSITION).write(values)

    def _is_transition(self):
        return self.env.context.get("saas_transition") is TRANSITION

    def write(self, values):
        """Override of `write` to refuse protected fields outside `_write_protected`, and fixed ones after the draft."""
        if not self._is_transition():
            self._check_not_fixed(values)
            forged = self._lifecycle_protected.intersection(values)
            if forged:
                raise AccessError(
                    self.env._("%(fields)s can't be written. Use the buttons.", fields=", ".join(sorted(forged)))
                )
        return super().write(values)

    def _check_not_fixed(self, values):
        fixed = self._fixed_after_draft.intersection(values)
        if fixed and any(record.state != self._lifecycle_initial for record in self):
            labels = [self._fields[name]._description_string(self.env) for name in sorted(fixed)]
            raise UserError(self._get_fixed_message(", ".join(labels)))

    def _get_fixed_message(self, labels):
        """Return in words that fields can't be changed any more. For models that have such fields.

        :param str labels: what people call the fields
        """
        return self.env._("%(fields)s can't be changed any more.", fields=labels)

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` to refuse protected fields, and records that begin in another state."""
        if not self._is_transition():
            for values in values_list:
                forged = self._lifecycle_protected.intersection(values) - {"state"}
                if forged or values.get("state", self._lifecycle_initial) != self._lifecycle_initial:
                    raise AccessError(self.env._("A new record begins as %(state)s.", state=self._lifecycle_initial))
        return super().create(values_list)
