from markupsafe import Markup

from odoo import fields, models
from odoo.tools.misc import format_date, formatLang

from ..saas_engine import dunning
from .saas_subscription_change import Wanted


class SaasSubscriptionNext(models.Model):
    """What happens next, and when: for the form, for lists, and for whoever asks."""

    _inherit = "saas.subscription"

    next_date = fields.Date("Next Step On", compute="_compute_next")
    next_step = fields.Char(compute="_compute_next")
    next_html = fields.Html("What Happens Next", compute="_compute_next", sanitize=False)

    def _compute_next(self):
        for subscription in self:
            steps = subscription._get_next_steps() if subscription.id else []
            unpaid = subscription._get_unpaid_steps() if subscription.id else []
            # Where somebody is late already, the next step of the dunning is what matters.
            first = (unpaid if subscription.state in ("past_due", "suspended") else []) or steps or unpaid
            subscription.next_date, subscription.next_step = first[0] if first else (False, False)
            subscription.next_html = subscription._render_next(steps, unpaid)

    def _get_next_steps(self):
        """Return what is going to happen, the earliest first: pairs of a day and a text. Addons add their own."""
        self.ensure_one()
        return sorted(
            [*self._get_next_end(), *self._get_next_change(), *self._get_next_bill(), *self._get_next_payment()],
            key=lambda step: step[0],
        )

    def _get_next_end(self):
        deletion = self._get_deletion_day()
        if deletion:
            day = fields.Date.context_today(self, deletion)
            return [(day, self.env._("Deletion, after a final backup. Until then it can be undone."))]
        if self.state not in ("trial", "active", "past_due", "suspended"):
            return []
        if self.cancel_on:
            return [(self.cancel_on, self.env._("End of the contract: everything is switched off."))]
        if not self.auto_renew and self.next_period_start:
            return [(self.next_period_start, self.env._("End: it does not renew itself."))]
        return []

    def _get_next_bill(self):
        day = self._get_next_invoice_date()
        if not day:
            return []
        amount = formatLang(self.env, self._get_next_amount(), currency_obj=self.currency_id)
        texts = {
            "manual": self.env._("Invoice of %(amount)s without taxes", amount=amount),
            "external": self.env._("Next period; %(amount)s are invoiced elsewhere", amount=amount),
        }
        text = texts.get(self.billing_engine) or self.env._("Next period, free of charge")
        if self.state == "trial":
            text = self.env._("End of the trial. %(next)s", next=text)
        return [(day, text)]

    def _get_next_amount(self):
        """Return what the next period costs: after a change that happens before it, if one is planned."""
        if not self.pending_plan_id:
            return self.recurring_amount
        wanted = Wanted(self.pending_plan_id, self.pending_interval, self.pending_users, self.pending_storage)
        return self._get_wanted_amount(wanted)

    def _get_next_change(self):
        if not self.pending_plan_id or not self.next_period_start:
            return []
        return [(self.next_period_start, self.env._("Change to %(plan)s", plan=self.pending_plan_id.name))]

    def _get_next_payment(self):
        """Return the payments that are expected and not late."""
        today = self._today()
        return [
            (
                move._saas_get_due_date(),
                self.env._(
                    "%(invoice)s is to be paid: %(amount)s",
                    invoice=move.name,
                    amount=formatLang(self.env, move.amount_residual, currency_obj=move.currency_id),
                ),
            )
            for move in self._get_unpaid_moves()
            if move._saas_get_due_date() >= today
        ]

    def _get_unpaid_steps(self):
        """Return what follows if the oldest open invoice stays open, the earliest first: pairs of a day and a text."""
        self.ensure_one()
        if not self._is_dunned():
            return []
        _move, steps, done = self._get_dunning()
        labels = self._get_dunning_labels()
        # What is off already, by a person or for an older invoice, is not switched off again.
        idle = (dunning.PAST_DUE, dunning.SUSPEND) if self.state == "suspended" else ()
        return [(step.day, labels[step.kind]) for step in dunning.upcoming(steps, done) if step.kind not in idle]

    def _render_next(self, steps, unpaid):
        if not steps and not unpaid:
            return Markup('<p class="text-muted mb-0">%s</p>') % self.env._("Nothing: no step is planned.")
        if not unpaid:
            return self._render_steps(steps)
        invoice = self._get_unpaid_moves()[:1].name
        title = Markup('<p class="fw-bold mt-3 mb-1">%s</p>') % self.env._(
            "If %(invoice)s is not paid", invoice=invoice
        )
        return self._render_steps(steps) + title + self._render_steps(unpaid)

    def _render_steps(self, steps):
        row = Markup('<tr><td class="text-nowrap pe-3 text-muted">%s</td><td class="w-100">%s</td></tr>')
        rows = Markup().join(row % (format_date(self.env, day), text) for day, text in steps)
        return Markup('<table class="table table-sm table-borderless mb-0"><tbody>%s</tbody></table>') % rows
