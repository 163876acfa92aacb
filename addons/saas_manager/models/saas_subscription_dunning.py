from odoo import api, fields, models

from ..saas_engine import contract, dunning
from ..saas_engine.dunning import NOTICE, PAST_DUE, REMINDER, SUSPEND, TERMINATE

TEMPLATES = {
    REMINDER: "saas_manager.mail_template_reminder",
    SUSPEND: "saas_manager.mail_template_suspended",
    NOTICE: "saas_manager.mail_template_notice",
    TERMINATE: "saas_manager.mail_template_terminated",
}


class SaasSubscriptionDunning(models.Model):
    """What an unpaid invoice leads to. The calendar is the engine's; here its steps are carried out."""

    _inherit = "saas.subscription"

    step_ids = fields.One2many(
        "saas.subscription.step", "subscription_id", string="Dunning", readonly=True, groups="saas_manager.group_user"
    )

    @api.model
    def _get_dunning_labels(self):
        """Return what people read for each kind of step."""
        return {
            PAST_DUE: self.env._("Payment is overdue"),
            REMINDER: self.env._("Reminder"),
            SUSPEND: self.env._("Suspension"),
            NOTICE: self.env._("Notice of the deletion"),
            TERMINATE: self.env._("Termination"),
        }

    @api.model
    def _get_dunning_policy(self):
        """Return how long this installation waits, as the engine's Policy. May be overridden per subscription."""
        settings = self.env["saas.settings"]
        return dunning.Policy(
            reminder_days=settings._get_definition("saas.dunning_reminder_days").numbers(
                settings._get("saas.dunning_reminder_days")
            ),
            grace_days=settings._get("saas.dunning_grace_days"),
            retention_days=settings._get("saas.dunning_retention_days"),
            notice_days=settings._get("saas.dunning_notice_days"),
        )

    def _get_dunning(self):
        """Return the invoice that decides, its schedule, and the codes of the steps that are done.

        :return: (`account.move`, list of steps, set of codes); an empty invoice where all is paid
        """
        self.ensure_one()
        moves = self._get_unpaid_moves()
        move = moves[:1].with_prefetch(moves._prefetch_ids)
        if not move:
            return move, [], set()
        # A reminder that was sent stays sent, even if a payment came and bounced.
        done = move.saas_step_ids.filtered(lambda step: step.kind == REMINDER or not step.is_undone)
        return move, dunning.schedule(move._saas_get_due_date(), self._get_dunning_policy()), set(done.mapped("code"))

    def _run_dunning(self):
        """Carry out what is due by today, each step once, in order.

        :return: the steps that were carried out
        """
        self.ensure_one()
        self._update_from_payments()
        move, steps, done = self._get_dunning()
        if not self._is_dunned():
            return []
        due, passed_over = dunning.due(steps, done, self._today())
        for step in passed_over:
            self._write_step(move, step, is_passed_over=True)
        for step in due:
            row = self._write_step(move, step)
            getattr(self, f"_dun_{step.kind}")(row)
        return due

    def _is_dunned(self):
        """Tell whether invoices that are not paid have consequences in this state."""
        return contract.is_dunned(self._get_contract())

    def _write_step(self, move, step, is_passed_over=False):
        values = {"day": step.day, "done_at": fields.Datetime.now(), "is_passed_over": is_passed_over}
        undone = move.saas_step_ids.filtered(lambda row: row.code == step.code)
        if undone:
            undone.write({**values, "is_undone": False})
            return undone
        ids = {"subscription_id": self.id, "move_id": move.id}
        return self.env["saas.subscription.step"].sudo().create({**ids, **values, "code": step.code, "kind": step.kind})

    def _undo_dunning(self):
        """Remember that a payment has undone what was done."""
        self.sudo().step_ids.filtered(lambda step: not step.is_undone).is_undone = True

    # === STEPS === #

    def _dun_past_due(self, row):
        if self.state == "active":
            self._transition("past_due")
            self._log_event(
                "past_due", self.env._("Invoice %(number)s is overdue.", number=row.move_id.name), "warning"
            )

    def _dun_reminder(self, row):
        self._send_dunning_mail(row)

    def _dun_suspend(self, row):
        before = self.state
        if before == "suspended":
            return
        self._transition("suspended", state_before_suspension=before)
        self._log_event(
            "suspended", self.env._("Suspended: %(number)s is not paid.", number=row.move_id.name), "warning"
        )
        self._suspend_resources(self.env._("This site is suspended because an invoice is not paid."))
        self._send_dunning_mail(row)

    def _dun_notice(self, row):
        self._send_dunning_mail(row)

    def _dun_terminate(self, row):
        self._end("expired", "unpaid", refund=False)
        self._send_dunning_mail(row)

    # === MAILS === #

    def _send_dunning_mail(self, row):
        """Queue the mail of a step. Step and mail are written in one transaction: neither is there without the other.

        :param row: the `saas.subscription.step`
        """
        mail = self._queue_mail(TEMPLATES[row.kind], row)
        row.sudo().mail_id = mail
        self._log_event("mail", self.env._("%(step)s: mail to the customer.", step=row.name))

    def _queue_mail(self, template, row=None):
        """Queue a mail to each customer, in their language.

        :param str template: XML id of the `mail.template`
        :param row: the `saas.subscription.step` that it is about, of one subscription
        :return: the `mail.mail`
        """
        if not self:
            return self.env["mail.mail"]
        context = {"saas_step_id": row.id if row else False}
        template = self.env.ref(template).sudo().with_context(**context)
        mails = template.send_mail_batch(self.ids)
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return mails

    def _withdraw_reminders(self):
        """Take back mails about payments that have arrived, as far as they still wait to be sent."""
        for subscription in self:
            waiting = subscription.sudo().step_ids.filtered(lambda step: step.mail_id.state == "outgoing")
            paid = waiting.move_id - subscription._get_unpaid_moves()
            waiting.filtered(lambda step, paid=paid: step.move_id in paid).mail_id.cancel()

    def _get_unpaid_move_for_mail(self):
        """Return the invoice that a mail speaks of."""
        return self._get_unpaid_moves()[:1]

    def _get_payment_url(self, move):
        """Return the address at which the customer sees an invoice, and may pay it, without signing in.

        :param move: `account.move`
        """
        return f"{self.get_base_url()}{move.sudo().get_portal_url()}"

    def _get_termination_day(self):
        """Return the day on which everything is terminated if nobody pays, or False."""
        _move, steps, _done = self._get_dunning()
        return next((step.day for step in steps if step.kind == TERMINATE), False)

    def _get_deletion_day(self):
        """Return the day on which what the subscription paid for is deleted, or False."""
        dates = [each._saas_get_deletion_date() for group in self._get_resources() for each in group]
        return min(filter(None, dates), default=False)
