import dataclasses
import re

from odoo import api, fields, models

from ..saas_engine import locality

STEP = "template"
# What stands before the message in a line of Odoo's log: time, process, level, database, logger.
LOG_PREFIX = re.compile(r"^\S+ \S+ \d+ [A-Z]+ \S+ \S+: ")


class SaasInstanceVariant(models.Model):
    """A customer's country, language and currency: the variant of the template that the instance is cloned from.

    One that does not exist is made and built first. Until then the instance is queued with a step of its own and
    without a job; the template tells it when its build has ended.
    """

    _inherit = "saas.instance"

    country_id = fields.Many2one("res.country", copy=False, help="Empty: as in the template.")
    lang = fields.Selection(
        lambda self: self._get_all_languages(),
        "Language",
        compute="_compute_lang",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        help="Of all texts and of the first user. Empty: as in the template.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        help="Of the books; it can't be changed after the first entries. Empty: as in the template.",
    )
    admin_tz = fields.Char(default=None, compute="_compute_admin_tz", store=True, readonly=False, precompute=True)
    variant_hint = fields.Char(compute="_compute_variant_hint", groups="saas_manager.group_user")
    awaits_template = fields.Boolean(
        readonly=True, copy=False, groups="saas_manager.group_user", help="Its template is built first."
    )
    template_progress = fields.Char(compute="_compute_template_progress", groups="saas_manager.group_user")

    @api.model
    def _get_all_languages(self):
        """Return every language that Odoo knows: a tenant's need not be one of the manager's."""
        languages = self.env["res.lang"].with_context(active_test=False).search([])
        return [(language.code, language.name) for language in languages]

    @api.depends("country_id")
    def _compute_lang(self):
        codes = [code for code, _name in self._get_all_languages()]
        for instance in self:
            country = instance.country_id.code
            instance.lang = country and locality.language(country, codes) or instance.lang

    @api.depends("country_id")
    def _compute_currency_id(self):
        for instance in self:
            instance.currency_id = instance.country_id.currency_id

    @api.depends("country_id")
    def _compute_admin_tz(self):
        for instance in self:
            zone = instance.country_id._get_saas_time_zone()
            instance.admin_tz = zone or instance.admin_tz or self.env.user.tz or "UTC"

    @api.depends("state", "template_id.database", "country_id", "lang", "currency_id")
    def _compute_variant_hint(self):
        self.variant_hint = False
        for instance in self.filtered(lambda each: each.state == "draft" and each._has_wishes()):
            if not instance._find_template().database:
                instance.variant_hint = self.env._(
                    "This variant is built first, once for all customers. That takes a few minutes."
                )

    @api.depends("awaits_template", "template_id.build_progress")
    def _compute_template_progress(self):
        for instance in self:
            line = instance.awaits_template and instance.template_id.build_progress
            instance.template_progress = line and LOG_PREFIX.sub("", line)

    def _has_wishes(self):
        return bool(self.country_id or self.lang or self.currency_id)

    def _get_wishes(self):
        return self.country_id, self.lang, self.currency_id

    def _find_template(self):
        return self.template_id.sudo()._find_variant(*self._get_wishes())

    # === PROVISIONING === #

    def action_provision(self):
        """Override of `action_provision` to choose the variant, and to have it built where that was not done yet."""
        for instance in self.filtered(lambda each: each.state in ("draft", "failed")):
            instance._choose_template()
        return super().action_provision()

    def _choose_template(self):
        """Take the template for the customer's place; it is the instance's own from now on."""
        self.ensure_one()
        self.check_access("write")  # before anything is made that the person may not make
        template, awaits = self.template_id.sudo(), False
        if self._has_wishes():
            template = template._find_or_make_variant(*self._get_wishes())
            awaits = template._build_for_customer()
        self._write_protected({"template_id": template.id, "awaits_template": awaits})

    def _has_template(self):
        """Override of `_has_template`: a variant that is not there is built."""
        return super()._has_template() or self._has_wishes()

    def _get_provision_steps(self):
        """Override of `_get_provision_steps`: a template that is not there is built first."""
        steps = super()._get_provision_steps()
        return [STEP, *steps] if self.sudo().awaits_template else steps

    @api.model
    def _get_provision_step_labels(self):
        """Override of `_get_provision_step_labels` to name the step."""
        return {STEP: self.env._("Build the variant first"), **super()._get_provision_step_labels()}

    def _enqueue_provisioning(self):
        """Override of `_enqueue_provisioning`: an instance that waits has no job; its template has one."""
        if not self.sudo().awaits_template:
            return super()._enqueue_provisioning()
        self._get_template_step()._start()
        self._log_event("requested", self.env._("Its template is built first, which takes a few minutes."))
        return None

    def _get_template_step(self):
        return self.sudo().step_ids.filtered(lambda step: step.code == STEP)

    def _go_on_with_template(self):
        """Begin the provisioning proper: the template is there."""
        self.ensure_one()
        step, steps = self._get_template_step(), self._get_provision_steps()
        step._finish((fields.Datetime.now() - step.started_at).total_seconds())
        self._write_protected({"template_database": self.template_id.sudo().database})
        self._enqueue("_job_provision_step", steps[steps.index(STEP) + 1])
        self._notify_progress()

    def _prepare_tenant_spec(self):
        """Override of `_prepare_tenant_spec`: the first user speaks the language of the variant."""
        spec = super()._prepare_tenant_spec()
        return dataclasses.replace(spec, lang=self.lang) if self.lang else spec
