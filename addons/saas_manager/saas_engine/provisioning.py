"""The steps from nothing to a tenant that answers. Each may run twice, be killed anywhere, and meet half-done state."""

import contextlib
import dataclasses
from urllib.parse import urlsplit

from . import dropping, filestore, naming, personalise, probe, roles, tenant_rpc, web
from .directory import Directory, TenantEntry
from .errors import EngineError, NameTakenError, TemplateNotReadyError
from .pool import Pool
from .runtime_driver import RuntimeDriver

VERIFY_SECONDS = 10


class Provisioner:
    """Provisions tenants of one runtime.

    :param Cluster cluster: where the databases live
    :param Runtime runtime: the tenant service that will serve them
    :param Settings settings: for the master secret and the proxy's address
    """

    def __init__(self, cluster, runtime, settings):
        self.cluster, self.runtime, self.settings = cluster, runtime, settings
        self.directory = Directory(cluster)

    def session(self):
        """Give a context in which all steps share one connection: a log-in costs more than most statements."""
        return self.cluster.connect()

    # -- the steps, in order

    def reserve(self, spec):
        """Refuse what can't succeed, before anything is made.

        :raise InvalidNameError, NameTakenError: the subdomain, with a message for the person who chose it
        :raise TemplateNotReadyError: nothing to clone
        :raise DiskFullError: says what is missing
        """
        naming.subdomain(spec.subdomain)
        with self.cluster.connect():
            template = self.cluster.database(spec.template_database)
            if template is None or not template.sealed:
                raise TemplateNotReadyError(f'The template "{spec.template_database}" is not ready: build it first.')
            self.require_free(spec)
            if not spec.pool_key:  # else it is made already
                self.cluster.require_room(spec.template_database)
        filestore.require_room(self.runtime, spec.template_database)

    def clone_database(self, spec):
        """Make the tenant's role and its database, complete and closed to everybody else.

        The clone that waits in the pool for this tenant is taken; if it is not there any more, a new one is made.
        """
        with self.cluster.locked(spec.key):
            self.ensure_role(spec)
            with self._pool_locked(spec):
                self.cluster.clone(spec.template_database, spec.subdomain, spec.key, spec.pool_key)

    def clone_filestore(self, spec):
        """Copy the template's attachments, or take those that wait in the pool."""
        with self.cluster.locked(spec.key):
            self.require_ours(spec)
            with self._pool_locked(spec):
                filestore.clone(self.runtime, spec.template_database, spec.subdomain, spec.key, spec.pool_key)

    def personalise(self, spec):
        """Make the clone the customer's own, logged in as the tenant.

        :raise TemplateNotReadyError: files that the database refers to are not there
        """
        with self.cluster.locked(spec.key):
            self.require_ours(spec)
            with self.connect(spec) as connection:
                self._require_files(spec, personalise.stored_files(connection))
                personalise.personalise(connection, spec)

    def publish(self, spec, state="active", reason="", redirects=None):
        """Tell the gateways: from now on the host is served.

        :param dict redirects: as in `Directory.publish`
        """
        with self.cluster.locked(spec.key):
            self.require_ours(spec)
            self.route((spec.host,), redirects)
            entry = TenantEntry(
                db=spec.subdomain,
                key=spec.key,
                runtime=self.runtime.code,
                release=spec.release,
                state=state,
                reason=reason,
                limits=spec.limits,
                notices=spec.notices,
                hosts=(spec.host,),
            )
            self.directory.publish(entry, redirects)

    def route(self, hosts, redirects=None):
        """Lead visitors to a dedicated runtime before it is told whose they are; the shared one gets all others anyway.

        :param hosts: none: nobody is led there any more
        :param dict redirects: as in `Directory.publish`
        :raise RetryableError: its keeper is away
        """
        if self.runtime.dedicated:
            until = {host: moment.timestamp() for host, moment in (redirects or {}).items()}
            RuntimeDriver(self.settings).route(self.runtime.code, {**until, **dict.fromkeys(hosts)})

    def verify(self, spec):
        """Look at the login page at its real host, through the proxy if there is one.

        :raise RetryableError: it is not there yet
        """
        web.wait_for_login_page(self._door, self._public_host(spec), VERIFY_SECONDS)

    def examine(self, spec, seconds):
        """Look at a tenant that runs: page, certificate, scheduled actions. Nothing is changed, repaired or waited for.

        :param float seconds: how long its page may take
        :return: `health.Seen`
        """
        is_encrypted = urlsplit(spec.url).scheme == "https"
        tls_address = self.settings.tls_address if is_encrypted else None
        return probe.look(self._door, self._public_host(spec), tls_address, seconds, lambda: self.enter(spec))

    # -- and back

    def undo(self, spec, order):
        """Remove all that the steps made, and nothing of anybody else's.

        :param Order order: of the kind `attempt`, with the tenant's key
        :return: what is gone, as `dropping.drop` tells it
        """
        with self.cluster.locked(spec.key):
            gone = dropping.drop(self.cluster, self.runtime, self.directory, order, spec.subdomain)
        if spec.pool_key:
            clone = dataclasses.replace(order, kind="pool", key=spec.pool_key, state="claimed")
            gone += Pool(self.cluster, self.runtime).discard(clone)
        return gone

    # -- for all that works inside a tenant's database

    def connect(self, spec):
        """Give a connection to the tenant's database as its role, whatever the tenant did to that role."""
        self.ensure_role(spec)
        return self.enter(spec)

    def put_role_back(self, spec):
        """Make the tenant's role what it should be, and let it into its database."""
        with self.cluster.locked(spec.key):
            self.ensure_role(spec)
            self.cluster.let_in(spec.subdomain, spec.key)

    def enter(self, spec, db=None):
        """Give a connection like `connect`, by the role as it is: for a look at many tenants, which changes none.

        :param str db: a draft of the tenant's database
        """
        previous = self.settings.previous_secret
        other = self.runtime.tenant_password(previous, spec.key) if previous else None
        return self.cluster.connect_as_tenant(db or spec.subdomain, spec.key, self._password(spec), other)

    @contextlib.contextmanager
    def administer(self, spec):
        """Give an `odoorpc.ODOO` that is signed in as the administrator of the tenant's database."""
        host, address = self._public_host(spec), urlsplit(self._door)
        with (
            self.connect(spec) as connection,
            tenant_rpc.session(connection, address, host, spec.subdomain) as odoo,
        ):
            yield odoo

    @property
    def _door(self):
        """Where tenants are reached from here: the proxy, if there is one."""
        return self.settings.proxy_url or self.runtime.url

    def _public_host(self, spec):
        return urlsplit(spec.url).netloc or spec.host

    def ensure_role(self, spec):
        """Have the tenant's role as it should be for this runtime, whatever the tenant did to it."""
        roles.ensure_role(self.cluster, spec.key, self._password(spec), spec.limits)

    def _password(self, spec):
        return self.runtime.tenant_password(self.settings.master_secret, spec.key)

    def _require_files(self, spec, names):
        missing = filestore.missing(self.runtime, spec.subdomain, names)
        if missing:
            raise TemplateNotReadyError(
                f'{len(missing)} files of the template "{spec.template_database}" are missing, such as {missing[0]}.'
                " Build it again."
            )

    def _pool_locked(self, spec):
        return self.cluster.locked(spec.pool_key) if spec.pool_key else contextlib.nullcontext()

    def require_free(self, spec, owns_folder=False):
        """Make sure that the name is nobody else's: no database, no folder, no host, no redirect.

        :param bool owns_folder: a folder of this name is the tenant's own
        :raise NameTakenError: it is; says what
        """
        database = self.cluster.database(spec.subdomain)
        if database is not None and database.comment != naming.database_mark(spec.key):
            raise NameTakenError(f'The subdomain "{spec.subdomain}" is taken.')
        # The folder is copied after the database was made: without one of ours, it is somebody else's.
        if database is None and not owns_folder and filestore.folder(self.runtime, spec.subdomain).exists():
            raise NameTakenError(f'The subdomain "{spec.subdomain}" is taken: a folder of this name exists.')
        self.directory.check_free(spec.key, spec.subdomain, [spec.host])

    def require_ours(self, spec):
        """Make sure that the database of this name is this tenant's.

        :raise NameTakenError: it is not
        """
        database = self.cluster.database(spec.subdomain)
        if database is None or database.comment != naming.database_mark(spec.key):
            raise NameTakenError(f'The database "{spec.subdomain}" is not the one of this tenant.')

    def require_served(self, spec):
        """Make sure that this runtime, and no other, is the one that serves the tenant.

        :raise EngineError: it is not
        """
        entry = self.directory.entry(spec.key)
        if entry is None or entry.runtime != self.runtime.code:
            raise EngineError(f'"{spec.subdomain}" is not served by the service "{self.runtime.code}".')
