from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..saas_engine.errors import EngineError

REASONS_SHOWN = 5  # in the notification; the timelines have all


class SaasBulkWizard(models.TransientModel):
    """One action for many instances: says first what it will do, does it to each by itself, and reports."""

    _name = "saas.bulk.wizard"
    _description = "Action for Several Instances"

    action = fields.Selection(
        [
            ("provision", "Provision"),
            ("suspend", "Suspend"),
            ("resume", "Resume"),
            ("undo", "Undo Termination"),
            ("terminate", "Terminate"),
            ("welcome", "Send Welcome Again"),
        ],
        required=True,
    )
    instance_ids = fields.Many2many("saas.instance", string="Instances", help="Those that it will be done to.")
    count = fields.Integer(compute="_compute_count")
    skipped_count = fields.Integer(readonly=True)
    skipped = fields.Html(readonly=True)
    summary = fields.Char(compute="_compute_count")
    grace_days = fields.Integer(compute="_compute_count")
    reason = fields.Char("What visitors read")
    confirmation = fields.Char("Type the number of instances to confirm")

    # === WHAT IT WILL DO === #

    @api.model
    def default_get(self, fields_list):
        """Override of `default_get` to sort the selected instances into those that it will do and the others."""
        values = super().default_get(fields_list)
        action = values.get("action")
        if not action:
            return values
        selected = self.env["saas.instance"].browse(self.env.context.get("active_ids", []))
        problems = {instance: instance._get_bulk_problem(action) for instance in selected}
        ready = selected.filtered(lambda instance: not problems[instance])
        values |= {
            "instance_ids": [fields.Command.set(ready.ids)],
            "skipped_count": len(selected - ready),
            "skipped": self._prepare_report({each: problems[each] for each in selected - ready}),
            "reason": action == "suspend" and selected._get_default_suspension_reason(),
        }
        return {name: value for name, value in values.items() if name in fields_list}

    @api.model
    def _prepare_report(self, problems):
        """Return a list, as HTML, of what stands in the way: instance -> in words."""
        rows = (
            Markup("<li><strong>%s</strong>: %s</li>") % (instance.display_name, problem)
            for instance, problem in problems.items()
        )
        return problems and Markup('<ul class="mb-0">%s</ul>') % Markup("").join(rows)

    @api.depends("instance_ids", "action")
    def _compute_count(self):
        grace_days = self.env["saas.instance"]._get_grace_days()
        for wizard in self:
            wizard.count, wizard.grace_days = len(wizard.instance_ids), grace_days
            wizard.summary = wizard._get_summary()

    def _get_summary(self):
        """Return what will happen, in a sentence."""
        if not self.skipped_count:
            return self._get_intention()
        return self.env._(
            "%(intention)s; %(skipped)s will be skipped", intention=self._get_intention(), skipped=self.skipped_count
        )

    def _get_intention(self):
        """Return what will be done, with the number of instances. Other addons add their own actions."""
        return {
            "provision": self.env._("%(count)s will be provisioned", count=self.count),
            "suspend": self.env._("%(count)s will be suspended", count=self.count),
            "resume": self.env._("%(count)s will be resumed", count=self.count),
            "undo": self.env._("%(count)s will not be deleted", count=self.count),
            "terminate": self.env._("%(count)s will be terminated", count=self.count),
            "welcome": self.env._("%(count)s will get a new link by mail", count=self.count),
        }.get(self.action, "")

    def _get_result(self, count):
        """Return what was done, with the number of instances. Other addons add their own actions."""
        return {
            "provision": self.env._("Provisioning requested: %(count)s.", count=count),
            "suspend": self.env._("Suspended: %(count)s.", count=count),
            "resume": self.env._("Resumed: %(count)s.", count=count),
            "undo": self.env._("Termination undone: %(count)s.", count=count),
            "terminate": self.env._("Terminated: %(count)s.", count=count),
            "welcome": self.env._("Welcome mails requested: %(count)s.", count=count),
        }.get(self.action, "")

    # === DOING IT === #

    def action_confirm(self):
        """Do it to each instance by itself, and tell what became of them.

        :raise UserError: when the number that was typed is wrong; nothing has happened then
        :raise AccessError: when an instance is not the user's to write; nothing has happened then either
        """
        self.ensure_one()
        self.instance_ids.check_access("write")
        self._check_confirmation()
        problems = {}
        for instance in self.instance_ids:
            try:
                with self.env.cr.savepoint():
                    instance._run_bulk(self.action, self)
            except (UserError, EngineError) as error:
                problems[instance] = str(error)
        self._log_problems(problems)
        return self._prepare_notification(problems)

    def _check_confirmation(self):
        if self.action == "terminate" and (self.confirmation or "").strip() != str(self.count):
            raise UserError(self.env._("Type %(count)s, the number of instances, to confirm.", count=self.count))

    def _log_problems(self, problems):
        """Note in the timeline of an instance that it was to be done, too, and why it was not."""
        label = dict(self._fields["action"]._description_selection(self.env))[self.action]
        for instance, problem in problems.items():
            message = self.env._("%(action)s, asked for several: %(problem)s", action=label, problem=problem)
            instance._log_event("failed", message, "error")

    def _prepare_notification(self, problems):
        """Return the client action that tells how many were done, and why others were not."""
        lines = [self._get_result(self.count - len(problems))]
        if self.skipped_count:
            lines.append(self.env._("Skipped: %(count)s.", count=self.skipped_count))
        if problems:
            lines.append(self.env._("Failed: %(count)s.", count=len(problems)))
        reasons = [f"{instance.display_name}: {problem}" for instance, problem in problems.items()]
        lines += reasons[:REASONS_SHOWN]
        if len(reasons) > REASONS_SHOWN:
            lines.append(self.env._("The timeline of each says why."))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if problems else "success",
                "sticky": bool(problems),
                "message": " ".join(lines),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
