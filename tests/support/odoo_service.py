"""Odoo as a service of a test: its command, its start, and its end with all its processes."""

import contextlib
import os
import subprocess
import sys
import time

from stack.supervisor_config import with_parent

from .odoo_home import ROOT, addons_path, odoo_home, series

START_SECONDS, STOP_SECONDS = 60, 15


def command(server, role, data, own_modules=(), subcommand=None):
    """Return odoo-bin's command line.

    :param server: the PostgreSQL, with `host` and `port`
    :param str role: the login role that Odoo uses
    :param own_modules: that are loaded server-wide before Odoo's
    """
    home = odoo_home()
    modules = (*own_modules, "base", "rpc", "web") if series() >= "19.0" else (*own_modules, "base", "web")
    return [
        sys.executable,
        str(home / "odoo-bin"),
        *([subcommand] if subcommand else []),
        f"--config={ROOT / 'odoo.conf'}",
        f"--addons-path={addons_path(home)}",
        f"--data-dir={data}",
        f"--db_host={server.host}",
        f"--db_port={server.port}",
        f"--db_user={role}",
        f"--load={','.join(modules)}",
    ]


@contextlib.contextmanager
def running(arguments, environment, log, is_up):
    """Run a service until the block ends, or the tests do, however they end; give its process.

    :param arguments: its command
    :param Path log: file that its output is added to
    :param is_up: tells whether it answers
    """
    with open(log, "ab") as file:
        options = {"stdout": file, "stderr": file, "start_new_session": True}
        process = subprocess.Popen([*with_parent("TERM"), *arguments], env=environment, **options)
    try:
        _wait(process, log, is_up)
        yield process
    finally:
        stop(process)


def _wait(process, log, is_up):
    deadline = time.monotonic() + START_SECONDS
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the service did not start:\n{log.read_text()[-5000:]}")
        time.sleep(0.1)


def stop(process):
    """End a service and all its workers."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()
