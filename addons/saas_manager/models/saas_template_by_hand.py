from odoo import api, fields, models
from odoo.exceptions import UserError

ENDED = ("published", "discarded")


class SaasTemplateByHand(models.Model):
    """A template that people configure by hand: what a build would lose is not built over in silence."""

    _inherit = "saas.template"

    workshop_ids = fields.One2many("saas.template.workshop", "template_id", string="Open Copies", readonly=True)
    workshop_id = fields.Many2one("saas.template.workshop", compute="_compute_workshop", string="Open Copy")
    workshop_state = fields.Char(compute="_compute_workshop", string="State of the Copy")
    workshop_user_id = fields.Many2one("res.users", compute="_compute_workshop", string="Copy Opened by")
    workshop_expires_at = fields.Datetime(compute="_compute_workshop", string="Copy Kept Until")
    workshop_failure = fields.Text(compute="_compute_workshop", string="What Went Wrong with the Copy")
    made_by_hand = fields.Boolean(
        "Made by Hand", readonly=True, copy=False, help="The version in use was configured by hand."
    )
    by_hand_notes = fields.Text(
        "Done by Hand", compute="_compute_by_hand_notes", help="What a build from the definition would lose."
    )
    skipped_for = fields.Char(readonly=True, copy=False, groups="saas_manager.group_user")

    @api.depends("workshop_ids.state", "workshop_ids.expires_at", "workshop_ids.failure")
    def _compute_workshop(self):
        for template in self:
            workshop = template.workshop_ids.filtered(lambda each: each.state not in ENDED)[:1]
            template.workshop_id, template.workshop_state = workshop, workshop.state
            template.workshop_user_id, template.workshop_expires_at = workshop.user_id, workshop.expires_at
            template.workshop_failure = workshop.failure

    @api.depends("made_by_hand", "build_ids.kind", "build_ids.state", "build_ids.note")
    def _compute_by_hand_notes(self):
        for template in self:
            builds = template._get_builds_by_hand()
            template.by_hand_notes = "\n".join(f"v{build.version}: {build.note}" for build in builds) or False

    def _get_builds_by_hand(self):
        """Return the versions by hand that the one in use consists of, oldest first: those since the last build."""
        self.ensure_one()
        found = self.build_ids.browse()
        for build in self.build_ids.filtered(lambda each: each.state == "done").sorted("version", reverse=True):
            if build.kind != "hand":
                break
            found |= build
        return found.sorted("version")

    # === ACTIONS === #

    def action_configure_by_hand(self):
        """Have a copy made in which people can work."""
        self.ensure_one()
        self.check_access("write")
        self._lock_for_transition()
        self.invalidate_recordset(["workshop_ids", "workshop_id"])
        if self.workshop_id:
            raise UserError(self._prepare_workshop_message())
        if self.state != "ready":
            raise UserError(self.env._('"%(name)s" is not ready: build it first.', name=self.name))
        self.env["saas.template.workshop"]._start(self)
        return True

    def _prepare_workshop_message(self):
        return self.env._(
            '"%(name)s" is being configured by hand: %(user)s has an open copy. Publish or discard it first.',
            name=self.name,
            user=self.workshop_id.user_id.name,
        )

    def action_workshop_sign_in(self):
        """Open the copy in a new tab, signed in."""
        return self.workshop_id.action_sign_in()

    def action_workshop_discard(self):
        """Throw the copy away."""
        return self.workshop_id.action_discard()

    def action_workshop_extend(self):
        """Keep the copy longer."""
        return self.workshop_id.action_extend()

    def action_workshop_retry(self):
        """Try again to open the copy."""
        return self.workshop_id.action_retry()

    def action_workshop_publish(self):
        """Ask what was done, and publish it."""
        self.ensure_one()
        name = self.env._("Publish as Next Version")
        context = {"default_workshop_id": self.workshop_id.id, "default_note": self.workshop_id.note}
        return self._prepare_wizard_action("saas.publish.workshop.wizard", name, context)

    def action_build(self):
        """Override of `action_build` to ask before a build loses what was done by hand."""
        by_hand = self.filtered("made_by_hand")
        if not by_hand:
            return super().action_build()
        if len(self) > 1:
            names = ", ".join(by_hand.mapped("name"))
            raise UserError(self.env._("Configured by hand: %(names)s. Build these one by one.", names=names))
        name = self.env._("Build from the Definition")
        return self._prepare_wizard_action("saas.build.wizard", name, {"default_template_id": self.id})

    def _prepare_wizard_action(self, model, name, context):
        action = {"type": "ir.actions.act_window", "view_mode": "form", "target": "new"}
        return {**action, "name": name, "res_model": model, "context": context}

    def _queue_build(self):
        """Override of `_queue_build` to refuse it while somebody works on a copy."""
        for template in self:
            if template.workshop_id:
                raise UserError(template._prepare_workshop_message())
        return super()._queue_build()

    # === VERSIONS === #

    def _begin_version_by_hand(self, note):
        """Return the new `saas.template.build` of a version that is made of a copy."""
        self.ensure_one()
        self._transition("building")
        return self._start_build(kind="hand", note=note)

    def _swap_in(self, database, build):
        """Override of `_swap_in` to keep how the version was made, and what was done."""
        result = super()._swap_in(database, build)
        by_hand = build.kind == "hand"
        self._write_protected({"made_by_hand": by_hand, "skipped_for": False})
        if by_hand:
            message = self.env._("Version %(version)s, by hand: %(note)s", version=build.version, note=build.note)
            self.env["saas.event"]._log(self, "built", message)
        return result

    def _is_rebuilt_at_night(self, fingerprint):
        """Override of `_is_rebuilt_at_night` to leave alone what people did or do by hand, and to say so once."""
        if self.workshop_id:
            reason = self._prepare_workshop_message()
        elif self.made_by_hand:
            reason = self.env._("It was configured by hand. A build from the definition would lose that.")
        else:
            return super()._is_rebuilt_at_night(fingerprint)
        if self.skipped_for != fingerprint:
            self._write_protected({"skipped_for": fingerprint})
            message = self.env._("Its definition or the code has changed. It is not built again: %(why)s", why=reason)
            self.env["saas.event"]._log(self, "note", message, "warning")
        return False


class SaasTemplateBuild(models.Model):
    _inherit = "saas.template.build"

    kind = fields.Selection(
        [("build", "Built"), ("hand", "By Hand")], "How", default="build", required=True, readonly=True
    )
    note = fields.Text("What Was Done", readonly=True)
