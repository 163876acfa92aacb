"""Build a template: a database that Odoo itself installed, looked at through the tenant service, then sealed."""

import contextlib
import dataclasses
import secrets
from pathlib import Path

from . import dropping, naming, processes, roles, web
from .directory import Directory, TenantEntry
from .errors import BuildError, EngineError

BASE = "base"
SCRIPTS = Path(__file__).parent / "scripts"
INSTALL_SECONDS, SCRIPT_SECONDS, CHECK_SECONDS = 1800, 900, 60
# What is to become a template does nothing by itself: each of its clones would have done it.
LIMITS = {"crons": False, "max_mails_hour": -1, "max_mails_day": -1}
ONE_SHOT = ["--no-http", "--workers=0", "--max-cron-threads=0"]


@dataclasses.dataclass(frozen=True)
class TemplateSpec:
    """What a template version consists of.

    :param str code: the template's code, part of the database's name
    :param int version: counts up with every build
    :param list modules: what to install; `saas_tenant` among them
    :param str lang: a language to activate and to make the default, "" for English
    :param str country: the company's country code, "" for none; its chart of accounts follows from it
    :param str currency: the company's currency code, "" for what Odoo chooses
    :param str tz: the time zone of its people, "" for none
    :param str paper: `A4` or `Letter`, "" for what Odoo chooses
    """

    code: str
    version: int
    modules: list
    lang: str = ""
    country: str = ""
    currency: str = ""
    tz: str = ""
    paper: str = ""

    @property
    def choices(self):
        """What the scripts of a build read from their environment."""
        names = ("lang", "country", "currency", "tz", "paper")
        return {f"SAAS_TEMPLATE_{name.upper()}": getattr(self, name) for name in names}

    @property
    def database(self):
        """The name of the database that the build makes."""
        return naming.template_database(self.code, self.version)


class TemplateBuilder:
    """Builds templates for one runtime, with the command of its `runtime.json`."""

    def __init__(self, cluster, runtime, settings):
        self.cluster, self.runtime, self.settings = cluster, runtime, settings
        self.directory = Directory(cluster)

    def build(self, spec, log=lambda line: None):
        """Build one version. What an earlier, killed build of it left is replaced; one that was sealed is done.

        :param log: called with each line of what happens
        :return: the name of the sealed database
        :raise BuildError: with the tail of the log; nothing of the build is left
        """
        name, key = spec.database, naming.template_key(spec.database)
        with self.cluster.locked(key):
            found = self.cluster.database(name)
            if found is None or not found.is_template:
                with self._nothing_left_on_failure(name, key):
                    self._build(spec, name, key, log)
            self._seal(name, key)
        return name

    def discard(self, database, order):
        """Remove a template version, sealed or not. One that is not there is fine.

        :param Order order: of the kind `template`, with the version's key
        :return: what is gone, as `dropping.drop` tells it
        """
        with self.cluster.locked(order.key):
            return dropping.drop(self.cluster, self.runtime, self.directory, order, database)

    @contextlib.contextmanager
    def _nothing_left_on_failure(self, name, key):
        try:
            yield
        except BaseException as error:
            # Not only after our own errors: an interrupted build must not leave anything either.
            reason = f'The template "{name}" was not built. {error}'
            try:
                self._discard(name, key)
            except EngineError as second:
                reason = f"{reason}\nWhat it left could not be removed: {second}"
            if isinstance(error, EngineError):
                raise BuildError(reason) from error
            raise

    # -- the steps of a build

    def _build(self, spec, name, key, log):
        self._require_known(spec)
        self._discard(name, key)
        log(f"Creating the database {name}")
        password = self.runtime.tenant_password(self.settings.master_secret, key)
        roles.ensure_role(self.cluster, key, password, LIMITS)
        self.cluster.clone("template1", name, key)
        self.publish(name, key, "building")
        log("Preparing language, country and currency")
        self._install([BASE], name, log)
        self.run_script("begin_template.py", spec.choices, name, log)
        log(f"Installing {', '.join(spec.modules)}")
        # Not base again: Odoo would give the company its first currency back.
        self._install([module for module in spec.modules if module != BASE], name, log)
        self._require_installed(spec, name, key, password)
        log("Generating the web assets")
        self.run_script("finish_template.py", spec.choices, name, log)
        log("Vacuuming")
        with self.cluster.connect_as_tenant(name, key, password) as connection:
            vacuum(connection)
        log(f"Looking at its login page at {self.runtime.url}")
        self.look(name, key, password)
        log(f"{name} is complete")

    def _seal(self, name, key):
        self.directory.withdraw(key)
        self.cluster.seal(name, key)
        order = dropping.Order("build", key, "building", "the build of this version", "nobody enters it any more")
        dropping.drop_role(self.cluster, order)

    def _install(self, modules, name, log):
        command = [*self.runtime.command, "-d", name, "-i", ",".join(modules), "--stop-after-init", *ONE_SHOT]
        if self.runtime.release.startswith("18."):
            command.append("--without-demo=all")  # what 19.0 does by itself, and warns about
        self._run(command, log, INSTALL_SECONDS)

    def _require_known(self, spec):
        """Refuse a typing error at once: Odoo would ignore it, after minutes, see `_require_installed`."""
        missing = self.runtime.missing_addons(spec.modules)
        if missing:
            raise BuildError(
                f"There is no addon {', '.join(missing)}. Check the spelling, and that its folder is in the addons path"
                f" of the runtime {self.runtime.code}."
            )

    def _require_installed(self, spec, name, key, password):
        """Odoo ignores names of modules that it does not know, and says so in its log only."""
        with self.cluster.connect_as_tenant(name, key, password) as connection, connection.cursor() as cr:
            cr.execute("SELECT name FROM ir_module_module WHERE state = 'installed'")
            missing = set(spec.modules) - {module for (module,) in cr.fetchall()}
        if missing:
            raise BuildError(f"Odoo did not install {', '.join(sorted(missing))}.")

    def run_script(self, script, choices, name, log):
        """Run one of our scripts in the Odoo shell of a database that is published as `building`.

        :param dict choices: what it finds in its environment
        """
        text = (SCRIPTS / script).read_text(encoding="utf-8")
        command = [*self.runtime.subcommand("shell"), "-d", name, *ONE_SHOT]
        self._run(command, log, SCRIPT_SECONDS, {**choices, "SAAS_TEMPLATE_SCRIPTS": str(SCRIPTS)}, text)

    def _run(self, command, log, timeout, environment=None, text=""):
        processes.run(command, {**self.runtime.environment, **(environment or {})}, log, timeout, text)

    def look(self, name, key, password):
        """See the login page and its assets at a host that nobody can guess, and that they came from the build."""
        host = f"{secrets.token_hex(16)}.build.invalid"
        before = self._asset_count(name, key, password)
        self.publish(name, key, "active", [host])
        html = web.wait_for_login_page(self.runtime.url, host, CHECK_SECONDS)
        missing = web.missing_assets(self.runtime.url, host, html)
        if missing:
            raise BuildError(f"The login page lacks {', '.join(missing)}.")
        made = self._asset_count(name, key, password) - before
        if made:
            raise BuildError(f"{made} bundles of the login page were not generated in the build.")

    def _asset_count(self, name, key, password):
        with self.cluster.connect_as_tenant(name, key, password) as connection, connection.cursor() as cr:
            cr.execute("SELECT count(*) FROM ir_attachment WHERE url LIKE '/web/assets/%'")
            return cr.fetchone()[0]

    def publish(self, name, key, state, hosts=()):
        """Tell the gateways of a database that is to be a template: it runs no cron and sends no mail."""
        release = self.runtime.release
        self.directory.publish(
            TenantEntry(name, key, self.runtime.code, release, state, limits=LIMITS, hosts=tuple(hosts))
        )

    def _discard(self, name, key):
        order = dropping.Order("build", key, "building", "the build of this version", "the build did not end")
        dropping.drop(self.cluster, self.runtime, self.directory, order, name)


def vacuum(connection):
    """Make the clone small and its first queries planned well: installing leaves half of every table dead."""
    with connection.cursor() as cr:
        cr.execute("SET statement_timeout = 0")
        cr.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE tableowner = current_user")
        for (table,) in cr.fetchall():
            cr.execute(f"VACUUM (FULL, FREEZE, ANALYZE) {table}")
