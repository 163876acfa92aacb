"""Start one service of an installation: `python -m stack.production <service>`."""

import argparse
import logging
import os
import signal
import sys
import threading

from stack import console, manager_database, rotation
from stack.errors import StackError
from stack.keeper.children import Children
from stack.keeper.keeper import Keeper
from stack.keeper.units import Units
from stack.locks import locked
from stack.processes import clean_environment
from stack.production import proxy
from stack.production.installation import assemble
from stack.state import State

# sysexits.h: something is wrong in the configuration; starting again won't help.
EX_CONFIG = 78


def main(arguments=None, environ=None):
    """Run or become a service, or run a command for one that runs; return the exit code of one that ends."""
    parser = argparse.ArgumentParser(prog="python -m stack.production", description=__doc__)
    parser.add_argument("service", choices=[*SERVICES, *COMMANDS])
    name = parser.parse_args(arguments).service
    environ = dict(os.environ if environ is None else environ)
    try:
        (SERVICES | COMMANDS)[name](environ)
    except StackError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's output
        return EX_CONFIG
    return 0


def bootstrap(environ):
    """Prepare roles, rights and the directory in PostgreSQL, as its superuser; may run any number of times."""
    stack = assemble("bootstrap", environ)
    manager_database.bootstrap(stack)
    console.say(f"PostgreSQL {stack.cluster.host}:{stack.cluster.port} is ready")


def routes(environ):
    """Write Traefik's files."""
    folder = proxy.write(environ)
    console.say(f"Traefik's files are in {folder}")


def manager(environ):
    """Install or upgrade the manager's database, then become the manager service."""
    stack = assemble("manager", environ)
    stack.write_configuration()
    stack.write_runtime()
    stack.cluster.wait()
    with console.step("Manager's database") as step:
        step.result = _prepare_database(stack)
    _become(stack, stack.manager_command(*stack.listening("manager")), stack.manager_environment())


def _prepare_database(stack):
    """Install or upgrade, one of several managers at a time: the others find it done."""
    state_file = stack.paths.state_file
    with locked(state_file.with_name(f".{state_file.name}.lock")):
        return manager_database.prepare(stack, State(state_file))


def tenant(environ):
    """Become the tenant service."""
    stack = assemble("tenant", environ)
    stack.write_configuration()
    _become(stack, [*stack.tenant_command(), *stack.listening("tenant")], stack.tenant_environment())


def runtimes(environ):
    """Keep the services of tenants of their own. It is root, to make each of them somebody else."""
    if os.geteuid():
        raise StackError("runtimes does not start: it has to be root, to give each service a user of its own.")
    stack = assemble("runtimes", environ)
    stack.write_odoo_conf()
    programs = Units() if environ.get("SAAS_KEEPER") == "systemd" else Children()
    keeper = Keeper(stack, programs, proxy.folder_of(environ), proxy.limits(environ), separate=True)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    keeper.run(forever=lambda: not ended.is_set())
    if isinstance(programs, Children):
        programs.stop_all()


def refresh_manager(environ):
    """Let the manager service that runs know secrets that have changed, and hand services of one's own theirs."""
    stack = _refresh("manager", environ)
    stack.write_runtime()
    console.say(rotation.finish(stack).rstrip())


def refresh_tenant(environ):
    """The same for the tenant service."""
    _refresh("tenant", environ)


def rotate(environ):
    """Give all roles in PostgreSQL the passwords of the new secrets, while everything runs. May run again."""
    stack = _refresh("manager", environ)
    console.say(rotation.apply(stack).rstrip())


def _refresh(service, environ):
    stack = assemble(service, environ)
    stack.write_configuration()
    return stack


def _become(stack, command, environment):
    os.chdir(stack.odoo.home)
    sys.stdout.flush()
    command = [str(part) for part in command]
    # execve, and not a child: signals reach Odoo, and no secret of the start is left in the process's environment.
    os.execve(command[0], command, clean_environment(**environment))


COMMANDS = {"refresh-manager": refresh_manager, "refresh-tenant": refresh_tenant, "rotate": rotate}
SERVICES = {
    "bootstrap": bootstrap,
    "routes": routes,
    "manager": manager,
    "tenant": tenant,
    "runtimes": runtimes,
}
