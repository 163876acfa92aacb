import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..compat import Constraint
from ..saas_engine import naming
from ..saas_engine.provisioning import Provisioner
from ..saas_engine.spec import TenantSpec


class SaasInstance(models.Model):
    """One customer's Odoo: a database, its files, its role and its address."""

    _name = "saas.instance"
    _inherit = ["saas.dashboard.source", "saas.lifecycle.mixin", "saas.job.mixin", "mail.thread"]
    _description = "Instance"
    _order = "id desc"

    _lifecycle = {
        "queued": ("draft", "failed"),
        "provisioning": ("queued",),
        "active": ("provisioning", "suspended", "terminating"),
        "suspended": ("active", "terminating"),
        "terminating": ("active", "suspended"),
        "terminated": ("terminating", "failed"),
        "failed": ("queued", "provisioning"),
    }
    _lifecycle_protected = frozenset(
        [
            *("state", "uuid", "reason", "template_database", "failure_reason", "failure_step", "has_leftovers"),
            *("requested_at", "requested_clock", "provisioned_at", "provision_seconds"),
            *("pool_key", "awaits_template"),
            *("welcome_serial", "welcome_used_at", "welcome_sent_at"),
            *("deletion_date", "state_before_termination"),
            *("companies_state", "companies_error"),
            *("rename_to", "rename_failure", "gateway_reports"),
            "subscription_hold",
            *("storage_used_mb", "users_used", "measured_at", "storage_level", "storage_level_since", "use_problem"),
            *("health", "health_since", "health_checked_at", "health_misses", "health_seconds", "health_reasons"),
            *("certificate_until", "failing_crons"),
        ]
    )
    _dashboard_fields = frozenset(
        ["state", "company_id", "requested_at", "provisioned_at", "provision_seconds", "health"]
    )
    # What stands in the directory, in the database or in a path: fixed once the first job was queued.
    _fixed_after_draft = frozenset(
        [
            *("subdomain", "template_id", "server_id", "runtime_id", "company_id"),
            *("country_id", "lang", "currency_id"),
        ]
    )

    name = fields.Char(required=True, tracking=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, index=True, ondelete="restrict", tracking=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    subdomain = fields.Char(required=True, copy=False, tracking=True)
    template_id = fields.Many2one(
        "saas.template", required=True, ondelete="restrict", default=lambda self: self._default_template_id()
    )
    plan_id = fields.Many2one(
        "saas.plan", required=True, ondelete="restrict", tracking=True, default=lambda self: self._default_plan_id()
    )
    server_id = fields.Many2one(
        "saas.server", ondelete="restrict", index=True, copy=False, help="Empty: the emptiest server with room."
    )
    runtime_id = fields.Many2one(
        "saas.runtime", ondelete="restrict", index=True, copy=False, domain="[('server_id', '=', server_id)]"
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("queued", "Queued"),
            ("provisioning", "Provisioning"),
            ("active", "Active"),
            ("suspended", "Suspended"),
            ("terminating", "Terminating"),
            ("terminated", "Terminated"),
            ("failed", "Failed"),
        ],
        required=True,
        default="draft",
        index=True,
        copy=False,
        tracking=True,
        group_expand="_group_expand_states",
    )
    uuid = fields.Char(
        "UUID", default=lambda self: str(uuid.uuid4()), copy=False, readonly=True, groups="saas_manager.group_user"
    )
    admin_name = fields.Char("Administrator", compute="_compute_admin", store=True, readonly=False, precompute=True)
    admin_email = fields.Char(
        "Administrator's Email", compute="_compute_admin", store=True, readonly=False, precompute=True
    )
    admin_lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        "Administrator's Language",
        default=lambda self: self.env.lang,
    )
    admin_tz = fields.Char("Administrator's Time Zone", default=lambda self: self.env.user.tz or "UTC")
    event_ids = fields.One2many("saas.event", "instance_id", string="Timeline", groups="saas_manager.group_user")
    event_count = fields.Integer(compute="_compute_event_count", groups="saas_manager.group_user")
    job_count = fields.Integer(compute="_compute_job_count", groups="saas_manager.group_administrator")

    # Of the terminated ones a subdomain is free again. An exclusion constraint, because it may carry a condition.
    _subdomain_unique = Constraint(
        "EXCLUDE (subdomain WITH =) WHERE (state <> 'terminated')", "This subdomain is taken. Choose another one."
    )
    _uuid_unique = Constraint("UNIQUE (uuid)", "Another instance has this UUID.")

    # === DEFAULTS AND COMPUTES === #

    @api.model
    def _default_template_id(self):
        return self.env["saas.template"].search([], limit=1)

    @api.model
    def _default_plan_id(self):
        return self.env["saas.plan"].search([("company_id", "in", [self.env.company.id, False])], limit=1)

    @api.depends("partner_id")
    def _compute_admin(self):
        for instance in self:
            instance.admin_name = instance.partner_id.name
            instance.admin_email = instance.partner_id.email

    @api.depends("event_ids")
    def _compute_event_count(self):
        groups = self.env["saas.event"]._read_group([("instance_id", "in", self.ids)], ["instance_id"], ["__count"])
        counts = {instance.id: count for instance, count in groups}
        for instance in self:
            instance.event_count = counts.get(instance.id, 0)

    @api.model
    def _group_expand_states(self, states, domain):
        """Return the states of groups in the order of an instance's life. Empty groups are of no use to anybody."""
        return [state for state, _label in self._fields["state"].selection if state in states]

    def _compute_job_count(self):
        groups = self.env["queue.job"]._read_group(
            [("saas_instance_id", "in", self.ids)], ["saas_instance_id"], ["__count"]
        )
        counts = {instance.id: count for instance, count in groups}
        for instance in self:
            instance.job_count = counts.get(instance.id, 0)

    # === CRUD === #

    def _get_fixed_message(self, labels):
        """Override of `_get_fixed_message`: an instance was built with these."""
        return self.env._("%(fields)s can't be changed after the instance was requested.", fields=labels)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_existing(self):
        for instance in self:
            if instance.state not in ("draft", "terminated") or instance.sudo().backup_ids:
                raise UserError(
                    self.env._(
                        '"%(name)s" has a database or a backup. Terminate it, or archive its record.',
                        name=instance.name,
                    )
                )

    # === THE ENGINE === #

    @property
    def _key(self):
        """The instance's key: what its role, its secrets and its directory entry hang on."""
        return naming.tenant_key(self.sudo().uuid)

    def _get_provisioner(self):
        """Return the engine that works on this instance's server and runtime."""
        self.ensure_one()
        runtime = self.sudo().runtime_id
        return Provisioner(runtime.server_id._get_cluster(), runtime._get_runtime(), self._get_engine_settings())

    def _prepare_tenant_spec(self):
        """Return what the engine needs to know about this instance, as plain values."""
        self.ensure_one()
        instance = self.sudo()
        return TenantSpec(
            key=instance._key,
            subdomain=instance.subdomain,
            host=instance._get_host(),
            url=instance.url,
            template_database=instance.template_database or instance.template_id.database or "",
            release=instance.runtime_id.release_id.code,
            limits=instance._prepare_limits(),
            has_mail_domain=self.env["saas.settings"]._get("saas.tenant_mail_domain"),
            company_name=instance.partner_id.commercial_partner_id.name or instance.name,
            admin_name=instance.admin_name or instance.partner_id.name,
            admin_email=instance.admin_email or "",
            lang=instance.admin_lang or "en_US",
            tz=instance.admin_tz or "UTC",
        )

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of an instance."""
        if method == "_job_provision_step":
            labels = self._get_provision_step_labels()
            return ", ".join(labels.get(code, code) for code in self._get_provision_job_steps(args[0]))
        labels = {
            "_job_undo_provisioning": self.env._("Remove a failed attempt"),
            "_job_publish_state": self.env._("Switch on or off"),
            "_job_send_welcome": self.env._("Send the welcome mail"),
            "_job_delete": self.env._("Keep a final backup"),
            "_job_delete_after_backup": self.env._("Delete after the final backup"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)

    def _log_event(self, kind, message, level="info"):
        return self.env["saas.event"]._log(self, kind, message, level)

    # === ACTIONS === #

    def action_view_jobs(self):
        """Open the jobs of this instance."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_job_action")
        return {**action, "domain": [("saas_instance_id", "=", self.id)], "context": {}}

    def action_view_customer(self):
        """Open the customer."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "view_mode": "form",
        }

    def action_open(self):
        """Open the instance's address in a new tab."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.url, "target": "new"}
