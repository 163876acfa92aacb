"""Running other programs for a moment: their output in a log, and its last lines when they fail."""

import os
import shutil
import subprocess

from stack.errors import StackError

LAST_LINES = 15


def clean_environment(**extra):
    """Return an environment for a child: what programs need to run, and nothing that changes how they behave.

    A person's PGHOST, ODOO_RC or PYTHONPATH would make the same command do different things.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        or name.lower() in ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
        or name.startswith(("PIP_", "UV_", "XDG_", "LC_"))
    }
    kept.setdefault("PATH", os.defpath)
    return {**kept, "LANG": "C.UTF-8", **{name: str(value) for name, value in extra.items()}}


def run(command, *, log=None, environment=None, cwd=None, text=None, user=None, what=None):
    """Run a command to its end.

    :param command: list of arguments
    :param log: file that the output is appended to
    :param text: standard input
    :param user: (uid, gid) to run as, where that is not this user
    :param what: how to call it in an error message
    :return: the output
    :raise StackError: with the last lines of the output
    """
    as_user = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
    result = subprocess.run(
        [str(part) for part in command],
        env=environment or clean_environment(),
        cwd=cwd,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        **as_user,
    )
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(result.stdout)
    if result.returncode:
        raise StackError(_explain(what or command[0], result, log))
    return result.stdout


def _explain(what, result, log):
    lines = result.stdout.rstrip().splitlines()[-LAST_LINES:]
    where = f"\nAll of it: {log}" if log else ""
    return "\n    ".join([f"{what} failed (exit code {result.returncode}):", *lines]) + where


def find_program(name, *folders):
    """Return the path of a program in one of the folders, else on PATH, else None."""
    search = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    return shutil.which(name, path=search)
