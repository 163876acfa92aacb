import contextlib

from odoo import fields, models

from ..saas_engine import dropping
from ..saas_engine.directory import Directory
from .saas_instance_suspension import PUBLISHED_STATES


class SaasReconciliationFix(models.Model):
    """How differences are put right: each fix is a method `_fix_<code>`, run by a job after a last look.

    A fix returns False when it goes on in a job of its own that ends this line.
    """

    _inherit = "saas.reconciliation.line"

    def _job_fix(self):
        """Put this right, if it is so still."""
        self.ensure_one()
        self._lock()
        if self.state not in ("fixing", "failed"):
            state = dict(self._fields["state"]._description_selection(self.env))[self.state]
            return self.env._("Not relevant any more: %(state)s.", state=state)
        self._lock_record()
        with self._engine_errors_as_job_errors(), self._hold():
            if not self._is_still_so():
                self._end("over")
                return self.env._("Not relevant any more: nothing differs.")
            if getattr(self, f"_fix_{self.fix}")() is not False:
                self._end("fixed")
        return self.display_name

    def _lock_record(self):
        """Let nobody else change the state of the instance meanwhile."""
        if self.instance_id:
            self.sudo().instance_id._lock_for_transition()

    def _hold(self):
        """Hold the tenant's lock, so that no other job works on it."""
        return self._get_cluster().locked(self.key) if self.key else contextlib.nullcontext()

    def _is_still_so(self):
        findings, _count = self.server_id._find_differences(self.key)
        return any(finding.identity == (self.kind, self.name) and finding.fix == self.fix for finding in findings)

    def _end(self, state):
        self.sudo().write({"state": state, "fixed_at": fields.Datetime.now(), "failure": False})
        if state == "fixed" and self.instance_id:
            label = dict(self._fields["fix"]._description_selection(self.env))[self.fix]
            message = self.env._("It was not as recorded: %(what)s. %(fix)s.", what=self.display_name, fix=label)
            self.instance_id._log_event("note", message, "warning")
        self._notify_progress()
        self.sudo().server_id._tell_of_differences()

    def _get_cluster(self):
        return self.sudo().server_id._get_cluster()

    def _get_runtime(self):
        """Return the engine's runtime that this is about; of what has none, the shared one."""
        server = self.sudo().server_id
        own = server.runtime_ids.filtered(lambda runtime: runtime.code == self.runtime)
        return (own or server._get_runtime())._get_runtime()

    def _prepare_order(self, kind, state, **more):
        """Return what the engine needs to know before it drops something."""
        asker = self.with_user(self.fixed_by_id or self.env.user)._get_asker()
        return dropping.Order(kind, self.key, state, asker, self.display_name, **more)

    # === INSTANCES === #

    def _fix_publish(self):
        instance = self.sudo().instance_id
        state = PUBLISHED_STATES[instance.state]
        redirects = instance._prepare_published_redirects(instance._prepare_redirects(instance.subdomain))
        spec, reason = instance._prepare_tenant_spec(), "" if state == "active" else instance.reason or ""
        instance._get_provisioner().publish(spec, state, reason, redirects)

    def _fix_role(self):
        instance = self.sudo().instance_id
        instance._get_provisioner().put_role_back(instance._prepare_tenant_spec())

    def _fix_open(self):
        self._fix_role()

    def _fix_rename_back(self):
        self._get_cluster().rename(self.real, self.name, self.key)

    def _fix_undo(self):
        self.sudo().instance_id._enqueue("_job_undo_provisioning")

    def _fix_remove(self):
        self.sudo().instance_id._remove_leftovers()

    # === THE DIRECTORY === #

    def _fix_withdraw(self):
        Directory(self._get_cluster()).withdraw(self.key)

    def _fix_withdraw_unknown(self):
        self._fix_withdraw()

    # === TEMPLATES, COPIES, CLONES === #

    def _fix_seal(self):
        self._get_cluster().seal(self.name, self.key)

    def _fix_rebuild(self):
        self._find_template(self.name).action_build()

    def _fix_discard_version(self):
        database = self.name
        self._find_template(database)._enqueue("_job_discard", database)

    def _find_template(self, database):
        """Return the template that has a version of this name, in use or not."""
        code = database.removeprefix("tpl_").rpartition("_v")[0]
        return self.env["saas.template"].sudo().with_context(active_test=False).search([("code", "=", code)])

    def _fix_reopen(self):
        workshop = self._find_by_key("saas.template.workshop")
        workshop._get_engine().reopen(workshop._prepare_spec())

    def _fix_discard_workshop(self):
        self._find_by_key("saas.template.workshop")._discard(self.env._("Its database is gone."))

    def _fix_end_clone(self):
        self._find_by_key("saas.pool.clone")._discard()

    def _fix_adopt(self):
        server = self.sudo().server_id
        own = server.runtime_ids.filtered(lambda runtime: runtime.code == self.runtime)
        self.env["saas.pool.clone"].sudo()._adopt(own or server._get_runtime(), self.key)

    def _find_by_key(self, model):
        instances = self.env["saas.instance"]
        return self.env[model].sudo().search([("uuid", "in", instances._get_uuids([self.key]))])
