from odoo import api, models, tools

from .. import policy
from ..own_code import check, guarded, known, shipped


class SaasTenantPlan(models.AbstractModel):
    """What of this database a shared service would refuse: asked before it moves to one."""

    _inherit = "saas.tenant.plan"

    @api.model
    def _get_own_code(self):
        """List what would be refused in a service that is shared with others.

        Measured against the files of the installed modules, which a tenant can't change: what was in the database
        before counts for nothing here.

        :return: list of dicts: `model`, `id`, `name` of the record, `what` it holds, in the reader's language
        """
        return [
            *self._get_own_actions(),
            *self._get_own_fields(),
            *self._get_own_modules(),
            *self._get_own_templates(),
        ]

    @api.model
    def _prepare_own_code(self, record, what):
        """Return one line of the list."""
        return {"model": record._name, "id": record.id, "name": record.display_name or "", "what": what}

    @api.model
    def _get_own_actions(self):
        actions = self.env["ir.actions.server"].sudo().with_context(active_test=False).search([])
        codes = set().union(*(known.files_of(module).codes for module in self.env.registry._init_modules))
        own = []
        for action in actions:
            _kind, code = action._get_own_code() or (None, "")
            if not policy.is_plain_call(code) and shipped.tidy_code(code) not in codes:
                own.append(self._prepare_own_code(action, self.env._("An action that runs Python code")))
        return own

    @api.model
    def _get_own_fields(self):
        fields = (
            self.env["ir.model.fields"].sudo().search([("state", "=", "manual"), ("compute", "not in", (False, ""))])
        )
        what = self.env._("A field that is computed by Python code")
        return [self._prepare_own_code(field, what) for field in fields]

    @api.model
    def _get_own_modules(self):
        modules = self.env["ir.module.module"].sudo()
        if "imported" not in modules._fields:
            return []
        imported = modules.search([("imported", "=", True), ("state", "=", "installed")])
        return [self._prepare_own_code(module, self.env._("A module of your own")) for module in imported]

    @api.model
    def _get_own_templates(self):
        own = []
        for model in known.stored_models(self.sudo().env):
            names = guarded.names(model, model._fields)
            for record, new in self._search_own_templates(model, names) if names else ():
                shown = check.shorten(min(text for _kind, text in new))
                own.append(self._prepare_own_code(record, self.env._("The expression “%(text)s”", text=shown)))
        return own

    @api.model
    def _search_own_templates(self, model, names):
        """Return pairs of a record and its expressions that are not plain, no default, no module's."""
        found = {
            record_id: known.not_plain(guarded.expressions(model, texts))
            for record_id, texts in known.all_texts(model, names)
        }
        proposed = guarded.expressions(model, known.default_texts(model, names))
        foreign = known.find_foreign(self.env, set().union(*found.values()) - proposed)
        return [(model.browse(record_id), new & foreign) for record_id, new in found.items() if new & foreign]

    @api.model
    @tools.ormcache()
    def _get_known_expressions(self):
        """Return the set of expressions that were found in this database or in files; `own_code.known` adds to it."""
        return set()
