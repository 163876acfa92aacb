"""The commands: `python3 -m stack <command>`; the Makefile has one target for each."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from stack import (
    console,
    full_demo,
    lifecycle,
    logs,
    manager_database,
    python_env,
    rotation,
    secret_files,
    translations,
)
from stack.checks import chromium, lint, simulation
from stack.checks import main as checks
from stack.checks.context import Context
from stack.errors import StackError
from stack.paths import Paths, private_folder
from stack.processes import clean_environment
from stack.state import State

# Rows of the bench that have a PostgreSQL and a service of their own: tests/bench/density.py.
ALONE = {
    *("density", "clones", "pages", "obedience", "triggered_cron", "gateway_cost", "idle_crons"),
    *("endless_crons", "services_memory"),
}


def main(arguments=None):
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, function in COMMANDS.items():
        commands.add_parser(name, help=function.__doc__.splitlines()[0])
    command = parser.parse_args(arguments).command
    # A closed terminal or a plain kill ends everything as Ctrl-C does: in order.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return COMMANDS[command](Paths.from_environment()) or 0
    except StackError as error:
        console.say(console.paint(f"\n{error}", "red"))
        return 1
    except KeyboardInterrupt:
        console.say("\nInterrupted.")
        return 130


def demo(paths):
    """Start everything, show its logs, stop it on Ctrl-C (DEMO=full: with customers)."""
    if lifecycle.supervisor_of(paths).is_running():
        _fill(paths)
        console.say("It runs already (make down stops it). Its logs; Ctrl-C ends the watching only:\n")
        return follow(paths)
    console.say(console.paint("SaaS Manager for Odoo", "bold"))
    stack, supervisor, _ready = lifecycle.start(paths, foreground=True)
    try:
        _print_addresses(stack)
        console.say("Ctrl-C stops everything; the data stay.\n")
        logs.follow(paths)
    except KeyboardInterrupt:
        console.say()
    finally:
        with console.step("Stopping"):
            supervisor.stop()
            paths.demo_file.unlink(missing_ok=True)
    return 0


def up(paths):
    """Start everything in the background; returns when all of it answers (DEMO=full: with customers)."""
    if lifecycle.supervisor_of(paths).is_running():
        console.say(f"It runs already in {paths.run}.")
        return 0 if _fill(paths) else 1
    console.say(console.paint("SaaS Manager for Odoo", "bold"))
    stack, _supervisor, ready = lifecycle.start(paths, foreground=False)
    _print_addresses(stack)
    return 0 if ready else 1


def down(paths):
    """Stop what `up` started; the data stay."""
    with console.step("Stopping") as step:
        step.result = "done" if lifecycle.stop(paths) else "nothing was running"


def reset(paths):
    """Stop everything and delete its data (asks first; FORCE=1 for scripts)."""
    if not os.environ.get("FORCE") and not console.confirm(f"Delete {paths.run} with all its databases and files?"):
        console.say("Nothing deleted. (Scripts: FORCE=1)")
        return 1
    with console.step(f"Deleting {paths.run}"):
        lifecycle.reset(paths)
    return 0


def follow(paths):
    """Show the logs of all processes as they grow (LINES=20 of each to begin with)."""
    try:
        logs.follow(paths, last=int(os.environ.get("LINES") or 20))
    except KeyboardInterrupt:
        return 0


def shell(paths):
    """Open Odoo's shell on the manager's database."""
    stack = lifecycle.load(paths)
    command = [str(part) for part in manager_database.shell_command(stack)]
    os.chdir(stack.odoo.home)
    sys.stdout.flush()
    os.execve(command[0], command, {**manager_database.environment(stack), "TERM": os.environ.get("TERM", "dumb")})


def test(_paths):
    """Run every check of the repository (ONLY=unit,lint,… picks)."""
    return checks.run()


def format_code(paths):
    """Format all source files."""
    lint.fix(Context(paths))


def bench(paths):
    """Measure on the running stack and write docs/benchmarks.md; with ONLY just show some rows.

    ONLY=density needs no stack, and writes its section of the document.
    """
    only = os.environ.get("ONLY")
    if not paths.demo_file.exists() and not (only and set(only.split(",")) <= ALONE):
        raise StackError("Nothing runs: `make up` first.")
    arguments = [f"--only={only}"] if only else ["--markdown=docs/benchmarks.md"]
    if only == "density":
        arguments.append("--section=docs/benchmarks.md")
    return _program(paths, "test", "bench", *arguments)


def simulate(_paths):
    """Let many contracts live for two years in the real models (SAAS_SIMULATE=200,730,2027)."""
    return simulation.run()


def screenshots(paths):
    """Take the pictures of the documents and draw the icons, from the demo; start it where it does not run."""
    runs = lifecycle.supervisor_of(paths).is_running()
    missing = chromium.ensure(Context(paths))
    if missing:
        raise StackError(missing)
    if not runs and up(paths):
        return 1
    try:
        return _program(paths, "browser", "pictures")
    finally:
        if not runs:
            down(paths)


def _program(paths, packages, name, *arguments):
    """Run a program of the folder tests/ against the running stack; return its exit code.

    :param str packages: which of `requirements/` it needs
    """
    python = python_env.environment(paths, packages)
    command = [str(python), "-m", name, f"--demo-json={paths.demo_file}", *arguments]
    environment = clean_environment(PYTHONPATH=f"{paths.root / 'tests'}{os.pathsep}{paths.addons / 'saas_manager'}")
    with subprocess.Popen(command, cwd=paths.root, env=environment) as program:
        try:
            return program.wait()
        except KeyboardInterrupt:
            program.terminate()  # it may not have heard of it; `run` would kill it before it has cleaned up
            program.wait()
            raise


def translate(_paths):
    """Export the addons' texts, bring the translations up to them, list what is not translated."""
    missing = translations.update(Context.create())
    for line in missing:
        console.say(f"  {line}")
    console.say(f"{len(missing)} to translate." if missing else "Everything is translated.")


def secrets(paths):
    """Write the secrets of an installation to the folder secrets/; what is there stays."""
    files = _installed_secrets(paths)
    files.create()
    console.say(f"{files.folder}: {', '.join(sorted(file.name for file in files.folder.iterdir()))}")


def new_secrets(paths):
    """Put new secrets of an installation beside the present ones, which go on counting (docs/install.md)."""
    files = _installed_secrets(paths)
    files.create()
    files.begin_rotation()
    console.say(f"{files.folder}: new secrets; those before are beside them and count until `make forget-secrets`.")


def forget_secrets(paths):
    """End the replacement of an installation's secrets: those before count no more (docs/install.md)."""
    files = _installed_secrets(paths)
    files.finish_rotation()
    console.say(f"{files.folder}: the secrets before are gone.")


def rotate_secrets(paths):
    """Replace the secrets of the demo while it runs; nobody notices. A run that was interrupted goes on."""
    if not lifecycle.supervisor_of(paths).is_running():
        raise StackError("Nothing runs: `make up` first. The services have to learn the new secrets.")
    rotation.rotate_all(lifecycle.load(paths))


def _installed_secrets(paths):
    """Return the files of an installation's secrets, readable by the user of a container, whoever that is.

    The folder is closed to everybody else on this machine.
    """
    folder = private_folder(Path(os.environ.get("SAAS_SECRETS_DIR") or paths.root / "secrets"))
    return secret_files.SecretFiles(folder, paths.addons / "saas_manager", mode=0o444, in_place=True)


def _fill(paths):
    """Make the customers of the full demo in a stack that runs already, if DEMO asks for them."""
    if not full_demo.is_wanted():
        return True
    return lifecycle.make_full_demo(lifecycle.load(paths), State(paths.state_file))


def _print_addresses(stack):
    password = stack.secrets.read("administrator")
    lines = [
        ("Manager", stack.manager_url),
        ("Sign in", f"{manager_database.LOGIN} / {password}"),
        ("Tenants", stack.tenant_url.format(subdomain="<subdomain>")),
        ("Mail", stack.mail_url),
        ("Odoo", f"{stack.odoo.series}, logs in {stack.paths.logs}"),
    ]
    console.say()
    for title, text in lines:
        console.say(f"  {console.paint(f'{title:8}', 'bold')} {text}")
    console.say()


COMMANDS = {
    "demo": demo,
    "up": up,
    "down": down,
    "reset": reset,
    "logs": follow,
    "shell": shell,
    "test": test,
    "format": format_code,
    "bench": bench,
    "simulate": simulate,
    "screenshots": screenshots,
    "translations": translate,
    "secrets": secrets,
    "new-secrets": new_secrets,
    "forget-secrets": forget_secrets,
    "rotate-secrets": rotate_secrets,
}
