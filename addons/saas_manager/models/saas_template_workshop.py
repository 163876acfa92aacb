import secrets
import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..compat import Constraint
from ..saas_engine import dropping, naming, sign_in
from ..saas_engine.workshop import Workshop, WorkshopSpec

LOGIN = "admin"  # of the administrator that Odoo itself has made; else the tenant service takes the first there is


class SaasTemplateWorkshop(models.Model):
    """A template's copy that somebody works on, for some hours: it becomes the next version, or is thrown away.

    The buttons are for those who may write the template. Nobody writes these records; they stay as a history.
    """

    _name = "saas.template.workshop"
    _inherit = ["saas.lifecycle.mixin", "saas.job.mixin"]
    _description = "Template Configured by Hand"
    _order = "id desc"
    _rec_name = "template_id"

    _lifecycle = {
        "preparing": ("failed",),
        "open": ("preparing", "publishing"),
        "publishing": ("open", "failed"),
        "published": ("publishing",),
        "discarding": ("preparing", "open", "failed"),
        "discarded": ("discarding",),
        "failed": ("preparing", "publishing"),
    }
    _lifecycle_initial = "preparing"

    template_id = fields.Many2one("saas.template", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="template_id.company_id", store=True)
    uuid = fields.Char("UUID", default=lambda self: str(uuid.uuid4()), required=True, readonly=True)
    label = fields.Char(
        default=lambda self: secrets.token_hex(12),
        required=True,
        readonly=True,
        help="The first part of the address. Nobody can guess it.",
    )
    url = fields.Char("Address", compute="_compute_url")
    source_database = fields.Char("Copy of", required=True, readonly=True)
    version_database = fields.Char("Becomes", readonly=True, help="The version that it is about to be, or became.")
    user_id = fields.Many2one("res.users", "Opened by", required=True, readonly=True, ondelete="restrict")
    expires_at = fields.Datetime("Kept Until", readonly=True, help="Then it is thrown away, unless it was published.")
    reminder_id = fields.Many2one("mail.activity", readonly=True, ondelete="set null")
    note = fields.Text("What Was Done", readonly=True)
    failure = fields.Text("What Went Wrong", readonly=True)
    state = fields.Selection(
        [
            ("preparing", "Being Made"),
            ("open", "Open"),
            ("publishing", "Being Published"),
            ("published", "Published"),
            ("discarding", "Being Removed"),
            ("discarded", "Discarded"),
            ("failed", "Failed"),
        ],
        required=True,
        default="preparing",
        index=True,
        readonly=True,
    )

    _uuid_unique = Constraint("UNIQUE (uuid)", "Another copy has this UUID.")
    _one_open = Constraint(
        "EXCLUDE (template_id WITH =) WHERE (state NOT IN ('published', 'discarded'))",
        "Somebody configures this template already.",
    )

    @api.depends("label", "template_id.runtime_id.server_id.base_domain")
    def _compute_url(self):
        for workshop in self:
            workshop.url = self.env["saas.instance"]._get_public_url(workshop._get_host())

    def _get_host(self):
        return f"{self.label}.{self.sudo().template_id.runtime_id.server_id._get_base_domain()}"

    @property
    def _key(self):
        return naming.tenant_key(self.uuid)

    def _get_engine(self):
        """Return the engine's workshop, of this template's runtime."""
        return Workshop(self.template_id._get_builder())

    def _prepare_spec(self):
        """Return what the engine needs to know of this copy."""
        self.ensure_one()
        return WorkshopSpec(
            key=self._key,
            host=self._get_host(),
            url=self.url,
            template_database=self.source_database,
            version_database=self.version_database or "",
        )

    # === ACTIONS === #

    @api.model
    def _start(self, template):
        """Have a copy of a template's version in use made."""
        self.flush_model(["state"])  # one that ended a moment ago is in nobody's way
        values = {"template_id": template.id, "source_database": template.database, "user_id": self.env.uid}
        workshop = self.sudo().create({**values, "expires_at": self._get_expiry()})
        workshop._log(self.env._("It is configured by hand: a copy of %(name)s is made.", name=template.database))
        workshop._enqueue("_job_open")
        return workshop

    def _as_administrator(self):
        """Return this copy, to be changed, to those who may change its template.

        :raise AccessError: to everybody else
        """
        self.ensure_one()
        self.template_id.check_access("write")
        return self.sudo()

    def action_sign_in(self):
        """Open the copy in a new tab, signed in as its administrator."""
        workshop = self._as_administrator()
        if workshop.state != "open":
            raise UserError(self.env._("The copy is not open, nobody can sign in."))
        with workshop._engine_errors_as_user_errors():
            address = sign_in.address(workshop.url, workshop._mint_sign_in_token())
        workshop._log(self.env._("%(user)s signed in to the open copy.", user=self.env.user.name), "access")
        return {"type": "ir.actions.act_url", "url": address, "target": "new"}

    def _mint_sign_in_token(self):
        master = self._get_engine_settings().master_secret
        key = naming.sign_in_key_of(master, self.template_id.runtime_id.code, self._key)
        return sign_in.mint(key, self._get_host(), LOGIN, self.env.user.name, quiet=True)

    def action_publish(self, note):
        """Have the copy become the template's next version.

        :param str note: what was done; it stays with the version
        """
        workshop, note = self._as_administrator(), (note or "").strip()
        if not note:
            raise UserError(self.env._("Write down what was done: nobody could do it again otherwise."))
        for moved in workshop._transition("publishing", note=note, failure=False):
            build = moved.template_id._begin_version_by_hand(note)
            moved.version_database = naming.template_database(moved.template_id.code, build.version)
            moved._enqueue("_job_publish", build.id)
        return True

    def action_discard(self):
        """Have the copy thrown away, with all that was done in it."""
        self._as_administrator()._discard(self.env._("The open copy is thrown away."))
        return True

    def _discard(self, message):
        for workshop in self._transition("discarding"):
            workshop._log(message)
            workshop._enqueue("_job_discard")
            workshop._notify_progress()

    def action_retry(self):
        """Try again what has failed: to make the copy, or to open it again."""
        workshop = self._as_administrator()
        state, method = ("publishing", "_job_reopen") if workshop.version_database else ("preparing", "_job_open")
        for moved in workshop._transition(state, failure=False):
            moved._enqueue(method)
        return True

    # === JOBS === #

    def _job_open(self):
        """Make the copy, and look at it."""
        self.ensure_one()
        self._lock_for_transition()
        if self.state != "preparing":
            return self.env._("Not relevant any more.")
        engine, spec = self._get_engine(), self._prepare_spec()
        with self._engine_errors_as_job_errors():
            engine.open(spec)
            engine.verify(spec)
        self._transition("open", expires_at=self._get_expiry())
        self._notify_progress()
        return self.env._("It is open at %(url)s.", url=self.url)

    def _job_publish(self, build_id):
        """Make the copy a version, and swap it in.

        :param int build_id: the `saas.template.build` that keeps note and log
        """
        self.ensure_one()
        build = self.env["saas.template.build"].browse(build_id)
        if self.state != "publishing" or build != self.template_id.build_ids[:1] or build.state != "running":
            return self.env._("Not relevant any more.")
        with build._open_log() as log, self._engine_errors_as_job_errors():
            database = self._get_engine().publish(self._prepare_spec(), log)
        self._transition("published")
        self._drop_reminder()
        self.template_id._swap_in(database, build)
        return database

    def _job_reopen(self):
        """Let people in again after a version that could not be made."""
        self.ensure_one()
        self._lock_for_transition()
        if self.state != "publishing" or self.template_id.state == "building":
            return self.env._("Not relevant any more.")
        with self._engine_errors_as_job_errors():
            self._get_engine().reopen(self._prepare_spec())
        self._transition("open", version_database=False, expires_at=self._get_expiry())
        self._notify_progress()
        return self.env._("It is open at %(url)s.", url=self.url)

    def _job_discard(self):
        """Remove all that there is of the copy."""
        self.ensure_one()
        if self.state != "discarding":
            return self.env._("Not relevant any more.")
        with self._engine_errors_as_job_errors():
            self._get_engine().discard(self._prepare_spec(), self._prepare_order())
        self._transition("discarded")
        self._drop_reminder()
        self._notify_progress()
        return self.env._("Nothing is left of it.")

    def _prepare_order(self):
        """Return what the engine needs to know before it removes the copy."""
        return dropping.Order("workshop", self._key, self.state, self._get_asker(), self.env._("it was thrown away"))

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of a copy."""
        labels = {
            "_job_open": self.env._("Make a copy to be configured by hand"),
            "_job_publish": self.env._("Publish what was configured by hand"),
            "_job_reopen": self.env._("Open the copy again"),
            "_job_discard": self.env._("Throw the copy away"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)

    def _notify_progress(self):
        """Override of `_notify_progress`: people look at the template."""
        self.template_id._notify_progress()

    def _log(self, message, kind="note", level="info"):
        self.env["saas.event"]._log(self.template_id, kind, message, level)

    @api.model
    def _get_expiry(self):
        return fields.Datetime.now() + timedelta(hours=self.env["saas.settings"]._get("saas.workshop_hours"))

    def _drop_reminder(self):
        self.reminder_id.sudo().unlink()
