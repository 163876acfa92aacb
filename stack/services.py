"""How each process is run: its command and its environment."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from stack import proxy_limits, sizes, traefik
from stack.odoo_source import OdooSource
from stack.paths import Paths, private_folder, write_atomically
from stack.postgres import Cluster
from stack.processes import clean_environment
from stack.secret_files import RUNTIME, SecretFiles
from stack.supervisor_config import Program

MANAGER_DATABASE = "manager"
MANAGER_MODULES = ("queue_job", "saas_manager")
# What a person may have set for the demo and its keeper has to know, too.
GIVEN = ("SAAS_CACHE_DIR", "SAAS_PG_HOST", "SAAS_PG_PORT", "SAAS_ODOO_SERIES", "ODOO_HOME", "SAAS_OUTGOING_ALLOW")
GIVEN += ("SAAS_LOGIN_RATE", "SAAS_LOGIN_BURST", "SAAS_RPC_RATE", "SAAS_RPC_BURST", "SAAS_TRUSTED_PROXY_COUNT")
TENANT_ADDONS = ("saas_gateway", "saas_tenant")
# Workers and cron processes of each service.
PROCESSES = {
    "manager": (sizes.Given.manager_workers, sizes.Given.manager_cron_workers),
    "tenant": (sizes.Given.workers, sizes.Given.cron_workers),
}


@dataclass(frozen=True)
class Stack:
    """All that was found and decided for a run; the commands follow from it.

    :param python: Python of the environment that Odoo runs in
    :param tools: folder of the programs beside Odoo (supervisord, traefik, sendria)
    :param queue_job: addons folder of queue_job
    :param addresses: what the public port listens on
    :param pdf_engine: folder of wkhtmltopdf, where it is not one of the machine's programs
    """

    paths: Paths
    ports: dict
    odoo: OdooSource
    cluster: Cluster
    secrets: SecretFiles
    python: Path
    tools: Path
    queue_job: Path
    addresses: tuple
    base_domain: str = "localhost"
    pdf_engine: Path | None = None

    @property
    def manager_host(self):
        return f"manager.{self.base_domain}"

    @property
    def manager_url(self):
        return f"http://{self.manager_host}:{self.ports['public']}"

    @property
    def tenant_url(self):
        return f"http://{{subdomain}}.{self.base_domain}:{self.ports['public']}"

    @property
    def odoo_conf(self):
        return self.paths.root / "odoo.conf"

    @property
    def mail_url(self):
        return f"http://127.0.0.1:{self.ports['mail']}"

    @property
    def sizes(self):
        """How many connections and how much memory the services take (docs/sizing.md)."""
        return sizes.demo()

    def programs(self):
        """Return every Program of the run in the order of their start."""
        database = [self.cluster.program] if self.cluster.program else []
        return [*database, self._mail(), self._manager(), self._tenant(), self._keeper(), self._traefik()]

    def listener(self):
        """Return the Program that keeps the process ids in demo.json right."""
        command = [self.tools / "python", "-m", "stack.demo_file"]
        return Program("demo-file", command, {"PYTHONPATH": self.paths.root, "SAAS_RUN_DIR": self.paths.run})

    def write_configuration(self):
        """Write the files that the processes read beside odoo.conf."""
        self.secrets.write_pgpass(self.cluster)
        limits = proxy_limits.from_environment(os.environ, proxy_limits.DEMO)
        traefik.write(self.paths.traefik, self.ports, self.addresses, self.base_domain, limits)
        self.write_runtime()

    def write_runtime(self):
        """Write what the manager needs to run the tenants' Odoo itself."""
        self.link_tenant_addons()
        runtime = private_folder(self.paths.runtimes / RUNTIME) / "runtime.json"
        write_atomically(runtime, json.dumps(self._runtime(), indent=2) + "\n")

    def link_tenant_addons(self, folder=None):
        """Have a folder with the addons that tenants may see: the manager's must not stand among their apps."""
        folder = folder or self.paths.tenant_addons
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # links, which services of other users follow, too
        for name in TENANT_ADDONS:
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(self.paths.addons / name)

    def manager_command(self, *arguments, subcommand=None):
        """Return an Odoo command on the manager's database, with the settings of its service."""
        modules = self.odoo.server_wide(*MANAGER_MODULES)
        return [
            *self.odoo_command(
                subcommand, "saas_manager", self.paths.data("manager"), [self.queue_job, self.paths.addons]
            ),
            f"--database={MANAGER_DATABASE}",
            f"--db-filter=^{MANAGER_DATABASE}$",
            f"--load={modules}",
            *self.sizes.pool_arguments(),
            *arguments,
        ]

    def manager_environment(self):
        return {
            **self._common("saas_manager"),
            "SAAS_MASTER_SECRET_FILE": self.secrets.path("master"),
            "SAAS_RUNTIMES_DIR": self.paths.runtimes,
            "SAAS_BACKUP_DIR": self.paths.backups,
            "SAAS_DEDICATED_DIR": self.paths.dedicated,
            "SAAS_BASE_DOMAIN": self.base_domain,
            "SAAS_PUBLIC_SCHEME": "http",
            "SAAS_PUBLIC_PORT": self.ports["public"],
            "SAAS_PROXY_URL": f"http://127.0.0.1:{self.ports['public']}",
            **({"SAAS_PG_BIN": self.cluster.binaries} if self.cluster.binaries else {}),
        }

    def odoo_command(self, subcommand, role, data, own_addons):
        """Return the part of an Odoo command that all services share.

        :param subcommand: such as "shell"
        :param role: PostgreSQL role to connect as
        :param data: folder of its attachments and sessions
        :param own_addons: folders of addons beside Odoo's own
        No password stands here: libpq reads it from the file that PGPASSFILE names.
        """
        addons = [*self.odoo.addons, *own_addons]
        return [
            self.python,
            self.odoo.program,
            *([subcommand] if subcommand else []),
            f"--config={self.odoo_conf}",
            f"--addons-path={','.join(map(str, addons))}",
            f"--data-dir={data}",
            f"--db_host={self.cluster.host}",
            f"--db_port={self.cluster.port}",
            f"--db_user={role}",
            *self._outgoing_mail(),
        ]

    def _outgoing_mail(self):
        """Every mail of the demo goes to its catcher."""
        return [
            "--smtp=127.0.0.1",
            f"--smtp-port={self.ports['smtp']}",
            # What a mail leaves under when neither company nor user has an address, as in an Odoo 19 without demo data.
            f"--email-from=no-reply@{self.manager_host}",
        ]

    def _common(self, role):
        return {
            "SAAS_PG_HOST": self.cluster.host,
            "SAAS_PG_PORT": self.cluster.port,
            "PGPASSFILE": self.secrets.path(f"{role}.pgpass"),
        }

    def tenant_command(self):
        modules = self.odoo.server_wide("saas_gateway")
        command = self.odoo_command(None, "saas_gateway", self.paths.data("tenant"), [self.paths.tenant_addons])
        return [*command, f"--load={modules}", *self.sizes.arguments()]

    def tenant_environment(self):
        return {
            **self._common("saas_gateway"),
            "SAAS_RUNTIME": RUNTIME,
            "SAAS_RUNTIME_SECRET_FILE": self.secrets.path("runtime"),
            **self.sizes.environment(),
            **self.pdf_environment(),
            **{name: os.environ[name] for name in ("SAAS_OUTGOING_ALLOW",) if os.environ.get(name)},
        }

    def pdf_environment(self):
        """Return where the PDF engine is found, if it is not one of the machine's programs."""
        if not self.pdf_engine:
            return {}
        return {"PATH": os.pathsep.join([str(self.pdf_engine), clean_environment()["PATH"]])}

    def _runtime(self):
        """What the manager needs to run the tenants' Odoo itself, for building templates, and to check its size."""
        return {
            "code": RUNTIME,
            "release": self.odoo.series,
            "url": f"http://{self.service_host('tenant')}:{self.ports['tenant']}",
            "data_dir": str(self.paths.data("tenant")),
            "command": [str(part) for part in self.tenant_command()],
            "service": self.listening("tenant"),
            "environment": {name: str(value) for name, value in self.tenant_environment().items()},
        }

    def service_host(self, name):
        """Return where one service finds another."""
        return "127.0.0.1"

    def processes(self, name):
        """Return how many workers and cron processes a service has."""
        return PROCESSES[name]

    def listening(self, name):
        """Return the arguments that let a service answer at its ports."""
        return self.listening_at(self.ports[name], self.ports[f"{name}_gevent"], *self.processes(name))

    def listening_at(self, http_port, gevent_port, workers, cron_processes):
        """Return the same for any service."""
        return [
            f"--http-port={http_port}",
            f"--gevent-port={gevent_port}",
            f"--workers={workers}",
            f"--max-cron-threads={cron_processes}",
        ]

    def _manager(self):
        return self._odoo_program(
            "manager", self.manager_command(*self.listening("manager")), self.manager_environment()
        )

    def _tenant(self):
        command = [*self.tenant_command(), *self.listening("tenant")]
        return self._odoo_program("tenant", command, self.tenant_environment())

    def _odoo_program(self, name, command, environment):
        launch = (self.tools / "python", "-I", self.paths.root / "stack" / "launch.py")
        return Program(name, command, environment, self.odoo.home, before=launch)

    def _mail(self):
        # `--no-quit`: its web page can't end it. The mails are kept in one file, so they survive a restart.
        command = [self.tools / "sendria", "--foreground", "--no-quit", f"--db={self.paths.mail / 'mails.sqlite'}"]
        command += [f"--smtp-port={self.ports['smtp']}", f"--http-port={self.ports['mail']}"]
        return Program("mail", command, {"NO_COLOR": "1"}, self.paths.mail)

    def _keeper(self):
        """What starts services of one's own. It needs no secret of the demo, so none stands in its environment."""
        given = {name: value for name, value in os.environ.items() if name in GIVEN}
        folders = os.pathsep.join(map(str, (self.paths.root, self.paths.addons / "saas_manager")))
        environment = {**given, "PYTHONPATH": folders, "SAAS_RUN_DIR": self.paths.run}
        return Program("runtimes", [self.tools / "python", "-m", "stack.keeper"], environment)

    def _traefik(self):
        return Program("traefik", traefik.command(self.tools / "traefik", self.paths.traefik))
