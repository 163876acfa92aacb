from odoo import api, fields, models


class SaasEvent(models.Model):
    """What happened, when, and who did it. Events are added and never changed: no role may write or delete them."""

    _name = "saas.event"
    _inherit = ["saas.dashboard.source"]
    _description = "Event"
    _order = "id desc"
    _rec_name = "message"

    kind = fields.Selection(
        [
            ("requested", "Requested"),
            ("provisioned", "Provisioned"),
            ("failed", "Failed"),
            ("suspended", "Suspended"),
            ("resumed", "Resumed"),
            ("renamed", "Address Changed"),
            ("moved", "Service Changed"),
            ("terminating", "Termination Asked"),
            ("restored", "Termination Undone"),
            ("backup", "Backup"),
            ("terminated", "Deleted"),
            ("mail", "Mail"),
            ("access", "Access"),
            ("health", "Health"),
            ("built", "Template Built"),
            ("started", "Contract Begun"),
            ("invoiced", "Invoice"),
            ("past_due", "Payment Overdue"),
            ("changed", "Contract Changed"),
            ("limit", "Limit"),
            ("cancelled", "Cancelled"),
            ("ended", "Contract Ended"),
            ("note", "Note"),
        ],
        required=True,
        default="note",
        readonly=True,
    )
    level = fields.Selection(
        [("info", "Info"), ("warning", "Warning"), ("error", "Error")], required=True, default="info", readonly=True
    )
    message = fields.Char(required=True, readonly=True)
    instance_id = fields.Many2one("saas.instance", index=True, ondelete="cascade", readonly=True)
    template_id = fields.Many2one("saas.template", index=True, ondelete="cascade", readonly=True)
    subscription_id = fields.Many2one("saas.subscription", index=True, ondelete="cascade", readonly=True)
    user_id = fields.Many2one("res.users", default=lambda self: self.env.user, readonly=True)
    company_id = fields.Many2one("res.company", compute="_compute_company_id", store=True)

    @api.depends("instance_id.company_id", "template_id.company_id", "subscription_id.company_id")
    def _compute_company_id(self):
        for event in self:
            owner = event.instance_id or event.subscription_id or event.template_id
            event.company_id = owner.company_id

    @api.model
    def _log(self, record, kind, message, level="info"):
        """Add a line to the timeline of an instance, a template or a subscription.

        :param record: `saas.instance`, `saas.template` or `saas.subscription`
        :param str message: for people, in the language of whoever acts
        """
        return self._log_each(dict.fromkeys(record, message), kind, level)

    @api.model
    def _log_each(self, messages, kind, level="info"):
        """Add a line of its own to the timeline of each of several records.

        :param dict messages: record (as in `_log`) -> text for people
        """
        names = {
            "saas.instance": "instance_id",
            "saas.template": "template_id",
            "saas.subscription": "subscription_id",
        }
        common = {"kind": kind, "level": level, "user_id": self.env.user.id}
        return self.sudo().create(
            [{names[each._name]: each.id, "message": message, **common} for each, message in messages.items()]
        )
