from odoo import models, tools

from .. import gateway

# Compared by identity: what an RPC client puts into a context can't be it.
COUNTED = object()


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _send(self, *args, **kwargs):
        """Override of `_send` to count each mail before it leaves. What is over the plan's limit waits in the queue.

        A mail is counted as a whole: half of it must not leave, or its second half would send the first again.
        """
        if not gateway.counts_mails(self.env):
            return super()._send(*args, **kwargs)
        refused = {}
        for mail in self.filtered(lambda each: each.state == "outgoing"):
            recipients = mail._count_recipients()
            refusal = gateway.reserve_mails(self.env, recipients) if recipients else None
            if refusal:
                reason = self._get_waiting_reason(refusal, recipients)
                refused[reason] = refused.get(reason, self.browse()) | mail
            else:
                super(MailMail, mail.with_context(saas_mails_counted=COUNTED))._send(*args, **kwargs)
        for reason, mails in refused.items():
            mails._let_wait(reason)
        return True

    def _count_recipients(self):
        """Return how many addresses this mail goes to."""
        self.ensure_one()
        texts = [self.email_to, self.email_cc, *self.sudo().recipient_ids.mapped("email")]
        return sum(len(tools.mail.email_normalize_all(text)) for text in texts if text)

    def _let_wait(self, reason):
        """Keep mails in the queue, with the reason; the queue's scheduled action tries them again."""
        changed = self.filtered(lambda mail: mail.failure_reason != reason)
        self.write({"failure_reason": reason})
        if changed:
            self.env.ref("base.group_system")._bus_send(
                "simple_notification",
                {"type": "warning", "title": self.env._("Mails are waiting"), "message": reason, "sticky": True},
            )

    def _get_waiting_reason(self, refusal, recipients):
        """Return in words why a mail is not sent now, and what follows.

        :param str refusal: what `gateway.reserve_mails` returned
        """
        limits = gateway.limits_of(self.env)
        limit = limits.get(f"max_mails_{refusal}")
        if not limit:
            return self.env._("The service could not count this mail just now. It waits here and is tried again.")
        if limit < 0:
            return self.env._("No mail leaves this site: it is a copy that somebody works on. This one stays here.")
        if recipients > limit:
            return self.env._(
                "This mail has %(count)s recipients, more than the %(limit)s that the plan allows at once. Send it in"
                " parts, or ask for a larger plan.",
                count=recipients,
                limit=limit,
            )
        if refusal == "hour":
            return self.env._(
                "The plan allows %(limit)s mails an hour, and they are used up. This mail waits here and is sent when"
                " the next hour begins.",
                limit=limit,
            )
        return self.env._(
            "The plan allows %(limit)s mails in 24 hours, and they are used up. This mail waits here and is sent as"
            " soon as the plan allows it.",
            limit=limit,
        )
