"""The manager's database: installing the addon, upgrading it when its code changed, the administrator."""

import hashlib
from pathlib import Path

from stack import console
from stack.manager_rpc import Manager
from stack.processes import clean_environment, run
from stack.services import MANAGER_DATABASE

LOGIN = "admin"
SCRIPTS = Path(__file__).parent / "odoo_scripts"


def bootstrap(stack):
    """Prepare roles, rights and the directory of the cluster (idempotent; run at every start)."""
    cluster, secrets = stack.cluster, stack.secrets
    variables = {
        "PYTHONPATH": stack.paths.addons / "saas_manager",
        "SAAS_PG_HOST": cluster.host,
        "SAAS_PG_PORT": cluster.port,
        "SAAS_PG_SUPERUSER": cluster.superuser,
        "SAAS_PG_MANAGER_PASSWORD_FILE": secrets.path("saas_manager"),
        "SAAS_PG_GATEWAY_PASSWORD_FILE": secrets.path("saas_gateway"),
    }
    if cluster.password_file:
        variables["SAAS_PG_SUPERUSER_PASSWORD_FILE"] = cluster.password_file
    environment = clean_environment(**variables)
    run([stack.python, "-m", "saas_engine.bootstrap"], environment=environment, what="The bootstrap of PostgreSQL")


def prepare(stack, state):
    """Install or upgrade the manager, as far as needed, and set what depends on this start.

    :return: what was done, in words
    """
    code = code_version(stack.paths.addons)
    if not state.get("installed"):
        _odoo(stack, "--init=saas_manager", *_without_demo(stack))
        _configure(stack, password=stack.secrets.read("administrator"))
        state.set(installed=True, code=code, url=stack.manager_url)
        return "installed"
    done = []
    if state.get("code") != code:
        console.note("the addons' code changed since the last start: upgrading saas_manager")
        _odoo(stack, "--update=saas_manager")
        state.set(code=code)
        done.append("upgraded")
    if state.get("url") != stack.manager_url:
        _configure(stack)
        state.set(url=stack.manager_url)
        done.append(f"address set to {stack.manager_url}")
    return ", ".join(done) or "unchanged"


def administrator(stack):
    """Return a session of the manager's administrator."""
    password = stack.secrets.read("administrator")
    return Manager(stack.ports["manager"], stack.manager_host, MANAGER_DATABASE, LOGIN, password)


def run_script(stack, name, values):
    """Run one of `odoo_scripts` in Odoo's shell on the manager's database.

    :param values: what the script finds as VALUES; it goes in with the script, because every user of the machine could
        read an argument
    :return: what it printed
    """
    text = f"VALUES = {values!r}\n{(SCRIPTS / name).read_text()}"
    log = stack.paths.logs / "manager-install.log"
    command, variables = shell_command(stack), environment(stack)
    return run(command, environment=variables, log=log, cwd=stack.odoo.home, text=text, what="Odoo's shell")


def shell_command(stack):
    return stack.manager_command("--no-http", "--max-cron-threads=0", "--workers=0", subcommand="shell")


def environment(stack):
    return clean_environment(**stack.manager_environment())


def code_version(addons):
    """Return a code that changes with any file of the addons."""
    digest = hashlib.sha256()
    for file in sorted(addons.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(addons)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _without_demo(stack):
    # 19.0 installs no demo data unless asked, and takes the option of 18.0 for a mistake.
    return ["--without-demo=all"] if stack.odoo.series < "19.0" else []


def _odoo(stack, *arguments):
    command = stack.manager_command("--stop-after-init", "--no-http", "--workers=0", "--max-cron-threads=0", *arguments)
    log = stack.paths.logs / "manager-install.log"
    run(command, environment=environment(stack), log=log, cwd=stack.odoo.home, what="Odoo")


def _configure(stack, password=None):
    """Set the administrator and the address."""
    values = {"login": LOGIN, "password": password, "url": stack.manager_url}
    run_script(stack, "configure_manager.py", values)
