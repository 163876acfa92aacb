"""A template's copy that people work on, until it is the template's next version or is thrown away.

It is a tenant of its own for a while: database `work_<key>`, a role, a folder, a host that nobody can guess. It runs no
cron and sends no mail: nothing happens in it but what somebody does. Each step may run twice, be killed anywhere, and
meet a half-done state.
"""

import dataclasses
from urllib.parse import urlsplit

from psycopg2 import sql

from . import dropping, filestore, naming, personalise, renaming, roles, web
from .directory import Directory
from .errors import NameTakenError, TemplateNotReadyError
from .template_build import LIMITS, vacuum

VERIFY_SECONDS = 30  # the first request loads the registry
# What people leave behind who sign in by a link and look around, beside what any clone is freed of.
TRACES = [*personalise.LEFTOVERS, *"auth_totp_device discuss_channel_rtc_session mail_push_device saas_sign_in".split()]
# What would let somebody in, or keep the customer out.
CREDENTIALS = ["password", "totp_secret"]
# Odoo's bot greets everybody once. In the copy it keeps silent, so that the customer is greeted and not we.
SILENCE = "UPDATE res_users SET odoobot_state = 'disabled' WHERE coalesce(odoobot_state, '') IN ('', 'not_initialized')"
SPEAK = "UPDATE res_users SET odoobot_state = 'not_initialized' WHERE odoobot_state = 'disabled'"
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = 'res_users'::regclass AND attname = ANY (%s)"
PARAMETERS = [personalise.MARK, "web.base.url", "web.base.url.freeze"]


@dataclasses.dataclass(frozen=True)
class WorkshopSpec:
    """One copy, complete.

    :param str key: its own, 32 hex digits
    :param str host: what browsers ask for, without a port; nobody can guess it
    :param str url: the public address with scheme and port
    :param str template_database: the sealed version that it is a copy of
    :param str version_database: what it is to become; empty until that is asked for
    """

    key: str
    host: str
    url: str
    template_database: str
    version_database: str = ""

    @property
    def database(self):
        """The name of the copy."""
        return naming.workshop_database(self.key)

    @property
    def version_key(self):
        """The key of what it is to become."""
        return naming.template_key(self.version_database)


class Workshop:
    """Opens, publishes and discards copies.

    :param TemplateBuilder builder: of the template's runtime
    """

    def __init__(self, builder):
        self.builder, self.cluster, self.runtime = builder, builder.cluster, builder.runtime
        self.directory = Directory(builder.cluster)

    def open(self, spec):
        """Make the copy, and serve it at its host.

        :raise TemplateNotReadyError: there is nothing to copy
        :raise DiskFullError: the copy would not leave enough room
        """
        with self.cluster.locked(spec.key):
            template = self.cluster.database(spec.template_database)
            if template is None or not template.sealed:
                raise TemplateNotReadyError(f'The template "{spec.template_database}" is not there.')
            filestore.require_room(self.runtime, spec.template_database)
            self._ensure_role(spec)
            self.cluster.clone(spec.template_database, spec.database, spec.key)
            filestore.clone(self.runtime, spec.template_database, spec.database, spec.key)
            self._let_in(spec)

    def verify(self, spec):
        """Look at the login page at the public host, through the proxy if there is one.

        :raise RetryableError: it is not there yet
        """
        door = self.builder.settings.proxy_url or self.runtime.url
        web.wait_for_login_page(door, urlsplit(spec.url).netloc, VERIFY_SECONDS)

    def publish(self, spec, log=lambda line: None):
        """Make the copy a sealed version of the template, checked like one that was built. Nothing of the copy is left.

        :param log: called with each line of what happens
        :return: the name of the sealed database
        :raise EngineError: it is as it was, closed; `reopen` lets people in again
        """
        with self.cluster.locked(spec.key), self.cluster.locked(spec.version_key):
            if self.cluster.database(spec.version_database) is None:
                self._require_no_folder(spec.version_database)
                self._finish(spec, log)
            self.cluster.seal_as(spec.database, spec.key, spec.version_database, spec.version_key)
            renaming.move_files(self.runtime, spec.database, spec.version_database)
            order = dropping.Order("published", spec.key, "publishing", "the publication", "the copy became a version")
            self._remove(spec, order)
        log(f"{spec.version_database} is complete")
        return spec.version_database

    def reopen(self, spec):
        """Let people in again after a `publish` that failed: all that they have done is there still."""
        with self.cluster.locked(spec.key):
            self._take_back(spec)
            renaming.require_files(self.runtime, spec.version_database, spec.database)
            self._ensure_role(spec)
            self.cluster.evict(spec.database, spec.key)  # a `publish` may have left it closed
            self._let_in(spec)

    def discard(self, spec, order):
        """Remove the copy, also one that is about to be a version. One that is not there is fine.

        :param Order order: of the kind `workshop`, with the copy's key
        :return: what is gone, as `dropping.drop` tells it
        """
        order.check()  # before a version is taken back
        with self.cluster.locked(spec.key):
            if spec.version_database:
                self._take_back(spec)
            return self._remove(spec, order)

    # -- the parts

    def _take_back(self, spec):
        """Undo what a `publish` has done already. The folder first: the mark of the version proves that it is ours."""
        with self.cluster.locked(spec.version_key):
            found = self.cluster.database(spec.version_database)
            if found is not None and found.comment == naming.database_mark(spec.version_key):
                filestore.rename(self.runtime, spec.version_database, spec.database)
                self._ensure_role(spec)
                self.cluster.unseal_as(spec.version_database, spec.version_key, spec.database, spec.key)

    def _let_in(self, spec):
        with self._enter(spec) as connection:
            _prepare(connection, spec)
        self._tell(spec, "active", [spec.host])

    def _finish(self, spec, log):
        """Close the copy, and make it what a clone may be made of."""
        log("Closing the copy")
        self._ensure_role(spec)
        self._tell(spec, "building")
        self.cluster.evict(spec.database, spec.key)
        log("Generating the web assets")
        self.builder.run_script("finish_workshop.py", {}, spec.database, log)
        log(f"Looking at its login page at {self.runtime.url}")
        self.builder.look(spec.database, spec.key, self._password(spec))
        self._tell(spec, "building")
        # By now every worker knows that it is closed; whoever was in it still is out before its traces go.
        self.cluster.evict(spec.database, spec.key)
        log("Removing what the visits have left")
        with self._enter(spec) as connection:
            _forget(connection)
            vacuum(connection)

    def _require_no_folder(self, name):
        if filestore.folder(self.runtime, name).exists():
            raise NameTakenError(f'There is a folder "{name}" already, and no database of this name.')

    def _remove(self, spec, order):
        return dropping.drop(self.cluster, self.runtime, self.directory, order, spec.database)

    def _tell(self, spec, state, hosts=()):
        self.builder.publish(spec.database, spec.key, state, hosts)

    def _enter(self, spec):
        return self.cluster.connect_as_tenant(spec.database, spec.key, self._password(spec))

    def _ensure_role(self, spec):
        roles.ensure_role(self.cluster, spec.key, self._password(spec), LIMITS)

    def _password(self, spec):
        return self.runtime.tenant_password(self.builder.settings.master_secret, spec.key)


def _prepare(connection, spec):
    """Give the copy an identity and its address, once."""
    with connection, connection.cursor() as cr:
        if personalise.parameter(cr, personalise.MARK) != spec.key:
            personalise.set_identity(cr)
            personalise.set_parameter(cr, personalise.MARK, spec.key)
        personalise.set_address(cr, spec.url)
        if _present(cr, ["odoobot_state"]):
            cr.execute(SILENCE)


def _forget(connection):
    """Remove the traces of the visits, all credentials, and the address: each clone gets its own."""
    with connection, connection.cursor() as cr:
        personalise.clear(cr, TRACES)
        for column in _present(cr, CREDENTIALS):
            cr.execute(sql.SQL("UPDATE res_users SET {0} = NULL WHERE {0} IS NOT NULL").format(sql.Identifier(column)))
        if _present(cr, ["odoobot_state"]):
            cr.execute(SPEAK)
        cr.execute("DELETE FROM ir_config_parameter WHERE key = ANY (%s)", [PARAMETERS])


def _present(cr, columns):
    """Return which of these columns the users have: it depends on the apps."""
    cr.execute(COLUMNS, [columns])
    return [column for (column,) in cr.fetchall()]
