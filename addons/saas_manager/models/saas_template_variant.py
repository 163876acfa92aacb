import itertools

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..compat import Constraint
from ..saas_engine import locality

ANY = "any"
CODE_LENGTH = 24  # of the base template's code, in that of a variant; a code has 40 at most


class SaasTemplateVariant(models.Model):
    """A template in another country, language or currency.

    Variants are made when a customer asks for one, and kept for the next. They follow the apps of their base template.
    """

    _inherit = "saas.template"

    base_template_id = fields.Many2one(
        "saas.template",
        "Variant of",
        index=True,
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The template whose apps this one has, in another country, language or currency.",
    )
    variant_ids = fields.One2many("saas.template", "base_template_id", string="Variants", readonly=True)
    variant_count = fields.Integer(compute="_compute_variant_count", string="Number of Variants")
    variants_made = fields.Integer(readonly=True, copy=False, help="Counts variants; a part of their codes.")
    variant_key = fields.Char(compute="_compute_variant_key", store=True, help="Country, language and currency.")

    _variant_unique = Constraint("UNIQUE (base_template_id, variant_key)", "This variant of the template exists.")

    # Of a variant that was built: what customers asked for is what they get.
    _fixed_in_variants = frozenset({"country_id", "lang", "currency_id"})
    _followed_by_variants = frozenset({"modules", "vertical"})

    @api.depends("variant_ids")
    def _compute_variant_count(self):
        for template in self:
            template.variant_count = len(template.variant_ids)

    @api.depends("country_id.code", "lang", "currency_id.name")
    def _compute_variant_key(self):
        for template in self:
            template.variant_key = template._get_variant_key(template.country_id, template.lang, template.currency_id)

    @api.model
    def _get_variant_key(self, country, lang, currency):
        return "/".join((country.code or "", lang or "", currency.name or ""))

    def write(self, values):
        """Override of `write` to keep a variant what its name says, and its apps those of its base template."""
        if self._fixed_in_variants & values.keys() and any(each.base_template_id and each.version for each in self):
            raise UserError(self.env._("Country, language and currency of a variant can't be changed."))
        result = super().write(values)
        followed = {name: values[name] for name in self._followed_by_variants & values.keys()}
        variants = followed and self.with_context(active_test=False).search([("base_template_id", "in", self.ids)])
        if variants:
            variants.write(followed)
        return result

    # === FINDING AND MAKING THEM === #

    def _get_base(self):
        """Return the template that people choose: this one, or the one that it is a variant of."""
        self.ensure_one()
        return self.base_template_id or self

    def _find_or_make_variant(self, country, lang, currency):
        """Return the template of this business in a place. What is left empty is as in this template.

        :return: this template, its base template, or a variant; perhaps not built yet
        """
        found = self._find_variant(country, lang, currency)
        if not found:
            return self._get_base()._make_variant(*self._get_place(country, lang, currency))
        found.filtered(lambda template: not template.active).write({"active": True})
        return found

    def _find_variant(self, country, lang, currency):
        """Return what `_find_or_make_variant` would find, or an empty recordset. Archived ones count."""
        key, base = self._get_variant_key(*self._get_place(country, lang, currency)), self._get_base()
        variants = self.with_context(active_test=False).search([("base_template_id", "=", base.id)])
        candidates = self | base | variants.with_env(self.env)
        return candidates.filtered(lambda template: template.variant_key == key)[:1]

    def _get_place(self, country, lang, currency):
        self.ensure_one()
        currency = currency or country.currency_id or self.currency_id
        return country or self.country_id, lang or self.lang, currency

    def _make_variant(self, country, lang, currency):
        """Make a variant of this base template.

        Two who ask for the same one at the same moment both write to the base template here: PostgreSQL tells the
        second, Odoo begins its request again, and then it finds what the first has made.
        """
        self._write_protected({"variants_made": self.variants_made + 1})
        self.flush_recordset()
        variant = self.copy(self._prepare_variant_values(country, lang, currency))
        variant._write_protected({"base_template_id": self.id})
        return variant

    def _prepare_variant_values(self, country, lang, currency):
        """Return what distinguishes a variant from its base template. Addons add their own."""
        elsewhere = country != self.country_id
        place = [country.name, self._get_language_name(lang)]
        if currency != country.currency_id:
            place.append(currency.name)
        return {
            "name": f"{self.name} ({', '.join(filter(None, place))})",
            "code": self._get_variant_code(country),
            "country_id": country.id,
            "lang": lang,
            "currency_id": currency.id,
            "tz": elsewhere and country._get_saas_time_zone() or self.tz,
            "paper": locality.paper(country.code) if elsewhere else self.paper,
            "pool_min": 0,
        }

    def _get_language_name(self, code):
        language = self.env["res.lang"].with_context(active_test=False).search([("code", "=", code)])
        return language.name or code

    def _get_variant_code(self, country):
        """Return a code that says where the variant is for, and that no other template has."""
        stem = f"{self.code[:CODE_LENGTH].rstrip('_')}_{(country.code or ANY).lower()}"
        everything = self.with_context(active_test=False)
        codes = (f"{stem}{number}" for number in itertools.count(self.variants_made))
        return next(code for code in codes if not everything.search_count([("code", "=", code)]))

    def action_view_variants(self):
        """Open the variants of this template."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("saas_manager.saas_template_action")
        return {**action, "domain": [("base_template_id", "=", self.id)], "context": {}}

    # === THOSE WHO WAIT FOR ONE === #

    def _build_for_customer(self):
        """Have this template built, unless it is being built. Whoever waits for it hears of the end.

        :return bool: whether there is something to wait for
        """
        self.ensure_one()
        self._lock_for_transition()  # its build may be ending at this moment
        self.invalidate_recordset(["database"])
        if self.database:
            return False
        if self.state != "building":
            self._queue_build()
        return True

    def _get_waiting_instances(self):
        domain = [("template_id", "in", self.ids), ("state", "=", "queued"), ("awaits_template", "=", True)]
        return self.env["saas.instance"].sudo().search(domain)

    def _notify_progress(self):
        """Override of `_notify_progress` to tell the forms of those who wait, too."""
        result = super()._notify_progress()
        self._get_waiting_instances()._notify_progress()
        return result

    def _swap_in(self, database, build):
        """Override of `_swap_in` to let those go on who wait for it."""
        result = super()._swap_in(database, build)
        self._enqueue("_job_release_waiting", build.version)
        return result

    def _fail_build(self, reason):
        """Override of `_fail_build` to tell those who wait for it."""
        was_building = self.state == "building"
        result = super()._fail_build(reason)
        if was_building:
            self._enqueue("_job_release_waiting", self.version)
        return result

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the job for those who wait."""
        if method == "_job_release_waiting":
            return self.env._("Tell the instances that wait")
        return super()._get_job_label(method, *args)

    def _job_release_waiting(self, version):
        """Let instances go on, or fail, that wait for this template.

        In a job of its own: the transaction of a build began before most of them were there.

        :param int version: that the build has ended of; it makes the job another one for each build
        """
        self.ensure_one()
        if self.state == "building" and not self.database:
            return self.env._("Not relevant any more: a newer build than %(version)s has begun.", version=version)
        waiting = self._get_waiting_instances()
        for instance in waiting:
            if self.database:
                instance._go_on_with_template()
            else:
                instance._fail_provisioning("template", self.build_error)
        return self.env._("%(count)s instances were told.", count=len(waiting))
