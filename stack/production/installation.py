"""An installation: the Stack of the demo, with the folders, addresses and limits of a server that people pay for."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from stack import secret_files, sizes
from stack.errors import StackError
from stack.odoo_source import OdooSource, series_of
from stack.paths import ROOT, Paths, private_folder, write_atomically
from stack.postgres import Cluster
from stack.production import credentials
from stack.services import PROCESSES, Stack

PORTS = {"manager": 8069, "manager_gevent": 8072, "tenant": 8169, "tenant_gevent": 8172}
SCHEMES = ("http", "https")
ENCRYPTIONS = ("starttls", "none")
EVERYWHERE = ("0.0.0.0", "::", "[::]")  # noqa: S104 - an address that is compared with, nothing listens there


class InstalledPaths(Paths):
    """Data outlive a start, everything else is written anew at each."""

    @property
    def lasting(self):
        return Path(os.environ.get("SAAS_DATA_DIR") or "/var/lib/saas")

    @property
    def backups(self):
        return self.lasting / "backups"

    @property
    def dedicated(self):
        return self.lasting / "dedicated"

    @property
    def dedicated_data(self):
        return self.lasting / "dedicated-data"

    @property
    def dedicated_private(self):
        """Beside the run's folder, which is closed: each service enters its own part of it as its own user."""
        return self.run.with_name("saas-runtimes")

    @property
    def state_file(self):
        return self.data("manager") / "saas-state.json"

    def data(self, service):
        return self.lasting / service

    def create(self):
        """Create the folders of this start; those that last are volumes, or made once by docs/install.md."""
        for folder in (self.run, self.logs, self.secrets, self.runtimes):
            private_folder(folder)


@dataclass(frozen=True)
class InstalledStack(Stack):
    """What differs from the demo.

    :param environ: the variables of docs/configuration.md
    :param scheme: "https", or "http" where somebody else ends TLS
    """

    environ: dict = field(default_factory=dict)
    scheme: str = "https"

    @property
    def manager_host(self):
        return self.environ.get("SAAS_MANAGER_HOST") or super().manager_host

    @property
    def manager_url(self):
        return f"{self.scheme}://{self.manager_host}{self._port_suffix}"

    @property
    def tenant_url(self):
        return f"{self.scheme}://{{subdomain}}.{self.base_domain}{self._port_suffix}"

    @property
    def odoo_conf(self):
        return self.paths.run / "odoo.conf"

    @property
    def _port_suffix(self):
        return "" if self.ports["public"] == {"http": 80, "https": 443}[self.scheme] else f":{self.ports['public']}"

    def service_host(self, name):
        return self.environ.get(f"SAAS_{name.upper()}_SERVICE") or super().service_host(name)

    def processes(self, name):
        return tuple(
            number(self.environ, f"SAAS_{name.upper()}_{what}", default)
            for what, default in zip(("WORKERS", "CRON_PROCESSES"), PROCESSES[name], strict=True)
        )

    @property
    def sizes(self):
        workers, cron_workers = self.processes("tenant")
        manager_workers, manager_cron_workers = self.processes("manager")
        return sizes.compute(
            sizes.Given(
                tenants=number(self.environ, "SAAS_TENANTS", sizes.Given.tenants),
                workers=workers,
                cron_workers=cron_workers,
                manager_workers=manager_workers,
                manager_cron_workers=manager_cron_workers,
                db_maxconn=number(self.environ, "SAAS_DB_MAXCONN", sizes.Given.db_maxconn),
                memory=size(self.environ, "SAAS_TENANT_MEMORY", "6g"),
            )
        )

    def listening_at(self, *ports_and_processes):
        interface = self.environ.get("SAAS_HTTP_INTERFACE") or "127.0.0.1"
        return [f"--http-interface={interface}", *super().listening_at(*ports_and_processes)]

    def manager_environment(self):
        """What the demo sets, and every other SAAS_ variable but the secrets: the settings page reads them."""
        hidden = credentials.variables()
        given = {name: value for name, value in self.environ.items() if name.startswith("SAAS_") and name not in hidden}
        proxy = self.environ.get("SAAS_PROXY_URL") or f"http://{self.service_host('traefik')}:8000"
        return {
            **given,
            **super().manager_environment(),
            "SAAS_PUBLIC_SCHEME": self.scheme,
            "SAAS_PROXY_URL": proxy,
            "SAAS_PROXY_TLS": self._tls_address(),
        }

    def _tls_address(self):
        """Return where browsers' TLS ends, as the manager reaches it: at Traefik, or where somebody in front says."""
        if self.environ.get("SAAS_PROXY_TLS"):
            return self.environ["SAAS_PROXY_TLS"]
        if (self.environ.get("SAAS_TLS") or "http") == "off":
            return ""
        host = self.environ.get("SAAS_TRAEFIK_SERVICE") or self.environ.get("SAAS_BIND") or "127.0.0.1"
        port = number(self.environ, "SAAS_HTTPS_PORT", 443)
        return f"{'127.0.0.1' if host in EVERYWHERE else host}:{port}"

    def write_configuration(self):
        """Write what the services read beside their arguments. Traefik's files are a service of their own."""
        self.secrets.write_pgpass(self.cluster)
        self.write_odoo_conf()
        self.link_tenant_addons()

    def write_odoo_conf(self):
        """Write the common odoo.conf with the mail server, whose password must not stand among the arguments."""
        text = (self.paths.root / "odoo.conf").read_text(encoding="utf-8")
        lines = [f"{name} = {value}" for name, value in self._mail_server().items()]
        write_atomically(self.odoo_conf, _with_options(text, lines))

    def _mail_server(self):
        environ = self.environ
        password = self.secrets.path("smtp")
        options = {
            "smtp_server": environ.get("SAAS_SMTP_HOST") or "localhost",
            "smtp_port": number(environ, "SAAS_SMTP_PORT", 587),
            "smtp_ssl": _is_encrypted(environ),
            "smtp_user": environ.get("SAAS_SMTP_USER"),
            "smtp_password": self.secrets.read("smtp") if password.exists() else None,
            "email_from": environ.get("SAAS_EMAIL_FROM") or f"no-reply@{self.base_domain}",
        }
        return {name: value for name, value in options.items() if value is not None and value != ""}

    def _outgoing_mail(self):
        return []


def _is_encrypted(environ):
    """Tell whether mails go to the server encrypted: Odoo's option `smtp_ssl` means STARTTLS."""
    choice = environ.get("SAAS_SMTP_ENCRYPTION") or "starttls"
    if choice not in ENCRYPTIONS:
        raise StackError(f"SAAS_SMTP_ENCRYPTION is {choice!r}: it must be one of {', '.join(ENCRYPTIONS)}.")
    return choice == "starttls"


def _with_options(text, lines):
    """Put options in front of those of the file's first section; what stands there already is left out."""
    names = {line.partition("=")[0].strip() for line in lines}
    kept = [line for line in text.splitlines() if line.partition("=")[0].strip() not in names]
    start = kept.index("[options]") + 1
    return "\n".join([*kept[:start], *lines, *kept[start:]]) + "\n"


def number(environ, name, default):
    """Return a variable that counts something.

    :raise StackError: it is not a positive whole number
    """
    value = environ.get(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and int(value)):
        raise StackError(f"{name} is {value!r}: it must be a whole number above 0.")
    return int(value)


def size(environ, name, default):
    """Return a variable that is a size such as 6g, in bytes.

    :raise StackError: it is something else
    """
    value = environ.get(name) or default
    try:
        return sizes.bytes_of(value)
    except ValueError:
        raise StackError(f"{name} is {value!r}: it must be a size such as {default}.") from None


def required(environ, name, example):
    """Return a variable that has no default.

    :raise StackError: it is missing or empty
    """
    value = (environ.get(name) or "").strip()
    if not value:
        raise StackError(f"{name} is missing or empty. It is something like {example}.")
    return value


def public_scheme(environ):
    """Return how browsers reach the installation: the one that was set, or what the choice of TLS implies."""
    scheme = environ.get("SAAS_PUBLIC_SCHEME") or ("http" if environ.get("SAAS_TLS") == "off" else "https")
    if scheme not in SCHEMES:
        raise StackError(f"SAAS_PUBLIC_SCHEME is {scheme!r}: it must be http or https.")
    return scheme


def assemble(service, environ):
    """Return the Stack of an installation, with the service's secrets in files that this user alone can read.

    :raise StackError: a variable or a secret is missing or wrong
    """
    base_domain = required(environ, "SAAS_BASE_DOMAIN", "example.com").strip(".").lower()
    given = credentials.collect(service, environ)
    paths = InstalledPaths(ROOT, Path(environ.get("SAAS_RUN_DIR") or "/run/saas"), Path("/nonexistent"))
    paths.create()
    secrets = secret_files.SecretFiles(paths.secrets, paths.addons / "saas_manager")
    for name, value in given.items():
        secrets.write(name, value)
    if "master" in given:
        secrets.write("runtime", secrets.runtime_secret(given["master"]))
        before = given["master_previous"]
        secrets.write("runtime_previous", secrets.runtime_secret(before) if before else "")
    scheme = public_scheme(environ)
    return InstalledStack(
        paths=paths,
        ports={**PORTS, "public": number(environ, "SAAS_PUBLIC_PORT", {"http": 80, "https": 443}[scheme])},
        odoo=_odoo(environ),
        cluster=_cluster(environ, secrets),
        secrets=secrets,
        python=Path(environ.get("SAAS_PYTHON") or "/opt/venv/bin/python"),
        tools=Path("/nonexistent"),
        queue_job=Path(environ.get("SAAS_QUEUE_JOB") or "/opt/queue_job/odoo/addons"),
        addresses=(),
        base_domain=base_domain,
        environ=dict(environ),
        scheme=scheme,
    )


def _odoo(environ):
    home = Path(environ.get("ODOO_HOME") or "/opt/odoo")
    series = series_of(home)
    if not series:
        raise StackError(f"ODOO_HOME={home} holds no Odoo.")
    return OdooSource(home, series, "ODOO_HOME")


def _cluster(environ, secrets):
    binaries = environ.get("SAAS_PG_BIN")
    return Cluster(
        host=environ.get("SAAS_PG_HOST") or "127.0.0.1",
        port=number(environ, "SAAS_PG_PORT", 5432),
        superuser=environ.get("SAAS_PG_SUPERUSER") or "postgres",
        password_file=secrets.path("postgres"),
        binaries=Path(binaries) if binaries else None,
        program=None,
        why="SAAS_PG_HOST",
    )
