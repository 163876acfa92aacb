"""The installation's secrets are replaced while everything runs. Run again after a kill at any point.

    PYTHONPATH=addons/saas_manager python -m saas_engine.rotation [--check | --finish]

The new secret is in its file already, the one before in a file beside it, and the services know both: whoever is
refused with one tries the other. So the passwords in PostgreSQL may change one after the other, in any order. It ends
with success when the secrets before are of no use to anybody; `--check` only looks.
"""

import argparse
import contextlib
import os
import sys
import time

import psycopg2
import requests

from . import gateway_roles, login_roles, naming, roles, web
from .cluster import Cluster
from .databases import acting_as
from .directory import Directory
from .errors import ConfigurationError, EngineError, RetryableError
from .pg_errors import translated
from .runtime import Runtime
from .runtime_driver import RuntimeDriver
from .settings import Settings, port_number, previous_text, text_secret

KNOWN = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = %s)"
KNOWN_SECONDS = 30
LOGINS = {"saas_manager": "SAAS_PG_MANAGER_PASSWORD", "saas_gateway": "SAAS_PG_GATEWAY_PASSWORD"}


def password(master, entry):
    """Return the password that the role of a published tenant is to have."""
    return naming.role_password(naming.runtime_secret(master, entry.runtime).encode(), entry.key)


def require_known(cluster, runtime, master, visit=None):
    """Make sure that a tenant service knows its new secret: its connection to the directory says so.

    :param visit: where it is visited (address, host) if not at its own
    :raise EngineError: it does not; nothing must change before it does
    """
    mark = naming.secret_mark(naming.runtime_secret(master, runtime.code).encode())
    deadline = time.monotonic() + KNOWN_SECONDS
    while True:
        with contextlib.suppress(requests.RequestException):  # a look at the directory is a look at the secret, too
            web.get(*(visit or (runtime.url, "rotation.invalid")), "/")
        with cluster.connect() as connection, acting_as(connection, "pg_monitor") as cr:
            cr.execute(KNOWN, [mark])
            if cr.fetchone()[0]:
                return
        if time.monotonic() > deadline:
            raise EngineError(f'The tenant service "{runtime.code}" does not know its new secret. Nothing was changed.')
        time.sleep(0.5)


def set_own_password(host, port, role, new, previous):
    """Give a login role of ours its new password, logged in as itself. Runs again.

    :return: whether it had another
    """
    address = {"host": host, "port": port, "dbname": "postgres", "user": role, "connect_timeout": 5}
    with translated(f"PostgreSQL {host}:{port}"):
        try:
            psycopg2.connect(**address, password=new).close()
            return False
        except psycopg2.OperationalError:
            if not previous:
                raise
        with contextlib.closing(psycopg2.connect(**address, password=previous)) as connection:
            with connection, connection.cursor() as cr:
                login_roles.set_password(cr, role, new)
    return True


def set_tenant_passwords(cluster, master, say=lambda text: None):
    """Give the roles of all published tenants the password of the present secret, each under the tenant's lock.

    :return: databases that a job works on for longer; another run gets them
    """
    busy = []
    for entry in Directory(cluster).entries():
        try:
            with cluster.locked(entry.key):
                roles.set_password(cluster, entry.key, password(master, entry))
        except RetryableError as error:
            say(f"{entry.db}: {error}")
            busy.append(entry.db)
    return busy


def refused(cluster, master):
    """Return the databases of published tenants whose role does not take the password of the present secret."""
    found = []
    for entry in Directory(cluster).entries():
        try:
            with cluster.connect_as_tenant(entry.db, entry.key, password(master, entry)):
                pass
        except ConfigurationError:
            found.append(entry.db)
        except EngineError:
            continue  # the password is looked at first: what is closed or full has taken it
    return found


def rotate(cluster, settings, own_roles, say):
    """Take all roles to the present secrets.

    :param list own_roles: (role, password, the one before or None)
    :param say: takes a line for people
    """
    driver = RuntimeDriver(settings)
    tell_dedicated(driver)
    for runtime in _running(cluster, settings, driver):
        require_known(cluster, runtime, settings.master_secret, _door(settings, driver, runtime))
        say(f'tenant service "{runtime.code}" knows its new secret')
    for role, new, previous in own_roles:
        changed = set_own_password(cluster.host, cluster.port, role, new, previous)
        say(f"{role}: {'new password' if changed else 'has it already'}")
    for code in driver.codes():
        gateway_roles.ensure(cluster, code, naming.runtime_secret(settings.master_secret, code).encode())
        say(f"{naming.gateway_role(code)}: new password")
    set_tenant_passwords(cluster, settings.master_secret, say)


def tell_dedicated(driver):
    """Have all services of one's own know the present secret, and no other than the one before that still counts."""
    for code in driver.codes():
        driver.renew_secrets(code)


def _running(cluster, settings, driver):
    """Return the runtimes that serve somebody now. One that is stopped reads its files when it starts."""
    dedicated = [code for code in driver.codes() if driver.wanted(code).state == "running"]
    shared = {entry.runtime for entry in Directory(cluster).entries()} - set(driver.codes())
    return [
        *(Runtime.load(settings.runtimes_dir, code) for code in sorted(shared)),
        *(driver.runtime(code) for code in dedicated),
    ]


def _door(settings, driver, runtime):
    """Return where a service of one's own is visited, as `require_known` takes it: the manager meets it at the proxy.

    None: at its own address.
    """
    host = next(iter(driver.wanted(runtime.code).hosts), None) if runtime.dedicated else None
    return (settings.proxy_url, host) if host and settings.proxy_url else None


def main(arguments=None, environ=None):
    """Rotate with the settings of the environment, or only look; return the exit code."""
    environ = os.environ if environ is None else environ
    parser = argparse.ArgumentParser(prog="saas_engine.rotation", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument(
        "--finish", action="store_true", help="tell services of one's own that the secrets before are gone"
    )
    chosen = parser.parse_args(arguments)

    def say(text):
        print(f"rotation: {text}", flush=True)  # noqa: T201 - a command's output

    try:
        settings = Settings.from_environment(environ)
        cluster = Cluster(environ.get("SAAS_PG_HOST") or "127.0.0.1", port_number(environ, "SAAS_PG_PORT") or 5432)
        if chosen.finish:
            tell_dedicated(RuntimeDriver(settings))
        elif not chosen.check:
            rotate(cluster, settings, [_own(environ, role) for role in LOGINS], say)
        left = refused(cluster, settings.master_secret)
    except EngineError as error:
        print(f"rotation: {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    count = len(Directory(cluster).entries())
    say(f"{count - len(left)} of {count} tenants have the new password{': not ' if left else ''}{', '.join(left)}")
    return 2 if left else 0


def _own(environ, role):
    return role, text_secret(environ, LOGINS[role]), previous_text(environ, LOGINS[role])


if __name__ == "__main__":
    sys.exit(main())
