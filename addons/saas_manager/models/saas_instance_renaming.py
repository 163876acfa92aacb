import dataclasses
from datetime import UTC, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..saas_engine import renaming
from ..saas_engine.directory import Directory
from .saas_instance_suspension import PUBLISHED_STATES


class SaasInstanceRenaming(models.Model):
    """A new subdomain for an instance that lives: wanted by a click, done by a job, undone if it can't be done.

    Until the job is over both names are the instance's; then the old one leads to the new one for a while.
    """

    _inherit = "saas.instance"

    rename_to = fields.Char(
        "Becomes",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The subdomain that the instance is about to get.",
    )
    rename_failure = fields.Text("Why It Was Not Renamed", readonly=True, copy=False, groups="saas_manager.group_user")
    redirect_ids = fields.One2many(
        "saas.instance.redirect", "instance_id", "Former Addresses", readonly=True, groups="saas_manager.group_user"
    )

    # === ACTIONS === #

    def action_open_rename_wizard(self):
        """Ask for the new subdomain."""
        self.ensure_one()
        self._check_can_be_renamed()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change the Address"),
            "res_model": "saas.rename.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_instance_id": self.id},
        }

    def action_rename(self, subdomain):
        """Queue the move to another subdomain.

        :param str subdomain: as a person typed it
        :raise UserError: it can't be had, or the instance can't be moved in its state
        """
        self.ensure_one()
        self.check_access("write")
        self._lock_for_transition()
        self._check_can_be_renamed()
        wanted = (subdomain or "").strip().lower()
        problem = self._get_subdomain_problem(wanted)
        if problem or wanted == self.subdomain:
            raise UserError(problem or self.env._("%(name)s is its subdomain already.", name=wanted))
        self._write_protected({"rename_to": wanted, "rename_failure": False})
        self._log_event("renamed", self.env._("The subdomain %(name)s was asked for.", name=wanted))
        self._enqueue("_job_rename", wanted)
        self._notify_progress()
        return True

    def _check_can_be_renamed(self):
        if self.rename_to:
            raise UserError(self._prepare_renaming_message())
        if self.state not in ("active", "suspended"):
            raise UserError(
                self.env._('"%(name)s" is neither active nor suspended: it can\'t get another address.', name=self.name)
            )

    def _prepare_renaming_message(self):
        return self.env._(
            '"%(name)s" is about to become %(subdomain)s. Wait until that is done; its jobs tell what it waits for.',
            name=self.name,
            subdomain=self.rename_to,
        )

    def _transition(self, state, **values):
        """Override of `_transition`: while an instance moves it stays what it is."""
        for instance in self:
            if instance.rename_to:
                raise UserError(instance._prepare_renaming_message())
        return super()._transition(state, **values)

    # === NAMES === #

    @api.model
    def _get_holders(self, subdomains):
        """Override of `_get_holders`: names that are about to be taken, or were just left, are held, too."""
        return {**self._get_reserved(subdomains), **super()._get_holders(subdomains)}

    @api.model
    def _get_reserved(self, subdomains):
        """Return which instance is about to take, or has just left, each of these subdomains: name -> id."""
        Redirect = self.env["saas.instance.redirect"].sudo()
        left = Redirect.search([("name", "in", subdomains), *Redirect._get_alive_domain()])
        moving = self.sudo().search([("rename_to", "in", subdomains)])
        return {
            **{redirect.name: redirect.instance_id.id for redirect in left},
            **{instance.rename_to: instance.id for instance in moving},
        }

    @api.constrains("subdomain")
    def _check_subdomain_not_reserved(self):
        """Refuse a name that leads to another instance; the database refuses one that is another's subdomain."""
        reserved = self._get_reserved(self.mapped("subdomain"))
        for instance in self:
            if reserved.get(instance.subdomain, instance.id) != instance.id:
                raise ValidationError(self._get_taken_message(instance.subdomain))

    # === JOBS === #

    def _job_rename(self, subdomain):
        """Move the instance, and tell its customer.

        :param str subdomain: what it is to become
        """
        self.ensure_one()
        self._lock_for_transition()
        if self.rename_to != subdomain:
            return self.env._("Not relevant any more.")
        former, redirects = self.subdomain, self._prepare_redirects(subdomain)
        self._move(subdomain, former, redirects)
        self._write_protected({"subdomain": subdomain, "rename_to": False})
        self._keep_redirects(redirects)
        self._log_event(
            "renamed",
            self.env._("%(former)s became %(subdomain)s: %(url)s", former=former, subdomain=subdomain, url=self.url),
        )
        self._enqueue("_job_send_renamed", subdomain)
        self._notify_progress()
        return self.env._("It is at %(url)s now.", url=self.url)

    def _job_undo_rename(self):
        """Put an instance back that could not be moved; where nothing has happened yet this changes nothing."""
        self.ensure_one()
        self._lock_for_transition()
        if not self.rename_to:
            return self.env._("Not relevant any more.")
        self._move(self.subdomain, self.rename_to, self._prepare_redirects(self.subdomain))
        self._write_protected({"rename_to": False})
        self._notify_progress()
        return self.env._("It is at %(url)s still.", url=self.url)

    def _job_publish_redirects(self):
        """Make the directory say which former addresses lead here."""
        self.ensure_one()
        self._lock_for_transition()
        if self.state not in PUBLISHED_STATES or self.rename_to:
            return self.env._("Not relevant any more.")
        redirects = self._prepare_redirects(self.subdomain)
        with self._engine_errors_as_job_errors():
            directory = Directory(self.sudo().server_id._get_cluster())
            directory.set_redirects(self._key, self._prepare_published_redirects(redirects))
        return ", ".join(redirects) or self.env._("None.")

    def _job_send_renamed(self, subdomain):
        """Tell the customer the new address.

        :param str subdomain: the one that the mail is about
        """
        self.ensure_one()
        if self.subdomain != subdomain or self.state != "active":
            return self.env._("Not relevant any more.")
        self._send_mail_now("saas_manager.mail_template_renamed")
        self._log_event("mail", self.env._("The new address was mailed to %(email)s.", email=self.admin_email))
        return self.env._("Sent to %(email)s.", email=self.admin_email)

    def _move(self, subdomain, former, redirects):
        """Have the engine move database, files and address."""
        spec = self._prepare_tenant_spec()
        spec = dataclasses.replace(
            spec, subdomain=subdomain, host=self._get_host(subdomain), url=self._get_url(subdomain)
        )
        state = PUBLISHED_STATES[self.state]
        provisioner, published = self._get_provisioner(), self._prepare_published_redirects(redirects)
        with self._engine_errors_as_job_errors():
            renaming.rename(provisioner, spec, former, state, self.reason or "", published)
            if state == "active":
                provisioner.verify(spec)

    # === REDIRECTS === #

    def _prepare_redirects(self, subdomain):
        """Return which former subdomains lead to this one: subdomain -> until when."""
        days = self.env["saas.settings"]._get("saas.redirect_days")
        alive = self.sudo().redirect_ids.filtered_domain(self.env["saas.instance.redirect"]._get_alive_domain())
        redirects = {redirect.name: redirect.until for redirect in alive}
        if days and self.subdomain != subdomain:
            redirects[self.subdomain] = fields.Datetime.now() + timedelta(days=days)
        redirects.pop(subdomain, None)
        return redirects

    def _prepare_published_redirects(self, redirects):
        return {self._get_host(name): until.replace(tzinfo=UTC) for name, until in redirects.items()}

    def _keep_redirects(self, redirects):
        """Make the records say what was published."""
        present = self.sudo().redirect_ids
        present.filtered(lambda each: each.name not in redirects).unlink()
        new = redirects.keys() - set(present.exists().mapped("name"))
        # Of whoever left the name before: it has expired, or this instance could not have had it.
        self.env["saas.instance.redirect"].sudo().search([("name", "in", list(new))]).unlink()
        present.create([{"instance_id": self.id, "name": name, "until": redirects[name]} for name in sorted(new)])

    # === FAILURE === #

    def _on_job_failed(self, job):
        """Override of `_on_job_failed` to put the instance back where it was."""
        super()._on_job_failed(job)
        if job.method_name == "_job_rename":
            self._undo_rename(job, self._get_failure_reason(job))

    def _on_job_cancelled(self, job):
        """Override of `_on_job_cancelled`: a move that nobody will do is not waited for."""
        super()._on_job_cancelled(job)
        if job.method_name == "_job_rename":
            self._undo_rename(job, self.env._("Cancelled by %(user)s.", user=self.env.user.name))

    def _undo_rename(self, job, reason):
        if self.rename_to != job.args[0]:
            return
        self._write_protected({"rename_failure": reason})
        message = self.env._("It did not become %(subdomain)s: %(reason)s", subdomain=self.rename_to, reason=reason)
        self._log_event("failed", message, "error")
        self._enqueue("_job_undo_rename")
        self._notify_progress()

    def _restart_after_failure(self, job):
        """Override of `_restart_after_failure`: it was put back, so a retry asks for the name anew."""
        if job.method_name == "_job_rename" and not self.rename_to:
            return self.with_env(job.env).action_rename(job.args[0])
        return super()._restart_after_failure(job)

    def _get_job_label(self, method, *args):
        """Override of `_get_job_label` to name the jobs of a move."""
        labels = {
            "_job_rename": self.env._("Change the address"),
            "_job_undo_rename": self.env._("Put back a change of the address"),
            "_job_publish_redirects": self.env._("Publish former addresses"),
            "_job_send_renamed": self.env._("Mail the new address"),
        }
        return labels.get(method) or super()._get_job_label(method, *args)
