import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.saas_settings import DEFINITIONS
from ..saas_engine.errors import ConfigurationError

_logger = logging.getLogger(__name__)
FIELDS = {
    "text": fields.Char,
    "domain": fields.Char,
    "days": fields.Char,
    "integer": fields.Integer,
    "boolean": fields.Boolean,
}
# A port is no amount: a number is shown as it is written in the variable, without thousands separators.
FIELD_ATTRIBUTES = {"integer": {"options": "{'enable_formatting': False}"}}
EXISTING_STATES = ("queued", "provisioning", "active", "suspended", "terminating")


def setting_fields(definitions):
    """Return the fields that show these settings, by name: the body of a class updates itself with them.

    They are fields like those that are written by hand: their labels are exported for translation with the class's
    addon, and they go when it is uninstalled.
    """
    return {definition.field: _field(definition) for definition in definitions}


def _field(definition):
    label = getattr(definition.label, "_source", definition.label)  # Odoo itself translates the labels of fields
    if definition.kind == "choice":
        return fields.Selection([(choice, choice) for choice in definition.choices], label)
    return FIELDS[definition.kind](label)


class SaasSettingsPage(models.TransientModel):
    """The page SaaS / Configuration / Settings.

    A model of its own, not `res.config.settings`: that one is for people who may change all of Odoo, and whoever may
    read or create its records gets to the settings and the keys of every other app.
    """

    _name = "saas.settings.page"
    _inherit = "saas.engine.mixin"
    _description = "Settings of the SaaS manager, as a page"

    vars().update(setting_fields(DEFINITIONS))

    environment = fields.Char(readonly=True, help="The fields that the environment decides, each between commas.")
    problems = fields.Text(readonly=True)
    base_domain_warning = fields.Text(compute="_compute_base_domain_warning")

    # === VALUES === #

    @api.model
    def default_get(self, fields_list):
        """Override of `default_get` to show what is in force."""
        self.check_access("create")
        values, problems = super().default_get(fields_list), []
        definitions = self.env["saas.settings"]._get_definitions()
        for definition in definitions:
            value, problem = self._get_shown(definition)
            values[definition.field] = value
            problems += problem
        values["environment"] = self._get_environment_fields(definitions)
        values["problems"] = "\n".join(problems)
        return {name: value for name, value in values.items() if name in fields_list}

    @api.model
    def _get_shown(self, definition):
        """Return a setting's value and a list of what is wrong with it. The page opens all the same, to repair it."""
        try:
            return self.env["saas.settings"]._get(definition.name), []
        except ConfigurationError as error:
            return definition.default, [str(error)]

    @api.model
    def _get_environment_fields(self, definitions):
        given = self.env["saas.settings"]._get_from_environment
        return "".join(f",{definition.field}," for definition in definitions if given(definition)) or False

    @api.depends("saas_base_domain")
    def _compute_base_domain_warning(self):
        current, _problems = self._get_shown(self.env["saas.settings"]._get_definition("saas.base_domain"))
        count = self._count_instances_of_base_domain()
        for page in self:
            wanted = (page.saas_base_domain or "").strip().strip(".").lower()
            moves = count and wanted != current
            page.base_domain_warning = moves and self._get_base_domain_warning(count, current) or False

    @api.model
    def _count_instances_of_base_domain(self):
        """Return how many instances, of all companies, have their address from this setting."""
        domain = [("state", "in", EXISTING_STATES), ("server_id.base_domain", "in", [False, ""])]
        return self.env["saas.instance"].sudo().search_count(domain)

    @api.model
    def _get_base_domain_warning(self, count, current):
        return self.env._(
            "%(count)s instances exist under %(domain)s. They stay reachable at their present addresses only, while the"
            " manager and its mails name the new ones. To keep their addresses right, first write %(domain)s into the"
            " base domain of their servers; new instances then need a server of their own.",
            count=count,
            domain=current,
        )

    # === SAVING === #

    def execute(self):
        """Store what was changed, all of it or nothing."""
        self.ensure_one()
        self.check_access("write")
        for definition in self.env["saas.settings"]._get_definitions():
            self._store(definition)
        return {"type": "ir.actions.client", "tag": "reload"}

    def _store(self, definition):
        settings, wanted = self.env["saas.settings"], self[definition.field]
        wanted = (wanted or "") if definition.kind in ("text", "domain", "days", "choice") else wanted
        shown, problem = self._get_shown(definition)
        if wanted == shown and not problem:
            return
        label = self._fields[definition.field]._description_string(self.env)
        if settings._get_from_environment(definition):
            if wanted == shown:
                return
            raise UserError(
                self.env._(
                    "%(label)s is set by the environment variable %(variable)s: change it there.",
                    label=label,
                    variable=definition.variable,
                )
            )
        try:
            settings._set(definition.name, wanted)
        except ConfigurationError as error:
            raise UserError(f"{label}: {error}") from error
        _logger.info("user %s changed the setting %s", self.env.uid, definition.name)

    # === VIEW === #

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Override of `_get_view` to fill each `<setting name="…"/>`, and to add those that have no place yet."""
        arch, view = super()._get_view(view_id, view_type, **options)
        [others] = arch.xpath("//block[@name='others']") or [None]
        if others is None:
            return arch, view
        for definition in self.env["saas.settings"]._get_definitions():
            places = arch.xpath(f"//setting[@name='{definition.field}']")
            setting = places[0] if places else others.makeelement("setting", {"name": definition.field})
            if not places:
                others.append(setting)
            self._fill_setting(setting, definition)
        if not len(others):
            others.getparent().remove(others)
        return arch, view

    @api.model
    def _fill_setting(self, setting, definition):
        name, locked = definition.field, f"',{definition.field},' in (environment or '')"
        setting.set("id", name)
        setting.set("help", self.env._(definition.help) if definition.help else "")
        setting.insert(
            0,
            setting.makeelement(
                "field", {"name": name, "readonly": locked, **FIELD_ATTRIBUTES.get(definition.kind, {})}
            ),
        )
        note = setting.makeelement("div", {"class": "text-warning small mt-1", "invisible": f"not ({locked})"})
        note.text = self.env._("Set by the environment variable %(variable)s", variable=definition.variable)
        note.insert(0, note.makeelement("i", {"class": "fa fa-lock me-1", "title": self.env._("Locked")}))
        note[0].tail, note.text = note.text, None
        setting.insert(1, note)
