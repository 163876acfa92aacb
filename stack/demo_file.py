"""`.run/demo.json`: addresses, passwords and processes of a running stack, for people's scripts.

supervisord runs this module as an event listener, so that the file names the right process after a restart.
"""

import json
import sys
import time

from stack.manager_database import LOGIN
from stack.paths import Paths, write_atomically
from stack.services import MANAGER_DATABASE
from stack.supervisor import Supervisor

SECONDS_TO_START = 0.2


def write(stack, pids):
    """Write the file; it holds a password, so it is this user's alone."""
    values = {
        "manager": {
            "url": stack.manager_url,
            "database": MANAGER_DATABASE,
            "login": LOGIN,
            "password": stack.secrets.read("administrator"),
        },
        "tenant_url": stack.tenant_url,
        "mail": {"url": stack.mail_url, "smtp_port": stack.ports["smtp"]},
        "odoo": stack.odoo.series,
        "postgres": {"host": stack.cluster.host, "port": stack.cluster.port},
        "processes": pids,
    }
    write_atomically(stack.paths.demo_file, json.dumps(values, indent=2) + "\n")


def note_processes(path, pids):
    """Enter the processes that run now; before the file exists there is nothing to correct."""
    if not path.exists():
        return
    values = json.loads(path.read_text())
    if values["processes"] != pids:
        values["processes"] = pids
        write_atomically(path, json.dumps(values, indent=2) + "\n")


def listen(path, get_pids, events=sys.stdin, answers=sys.stdout):
    """Follow supervisord's events: a header line, then as many characters as it says.

    :param path: the demo.json to keep right
    :param get_pids: function that returns the running processes
    """
    while True:
        answers.write("READY\n")
        answers.flush()
        header = _fields(events.readline())
        if not header:
            return
        events.read(int(header["len"]))
        # STARTING is told a moment before the process exists, RUNNING only when it has lasted.
        time.sleep(SECONDS_TO_START)
        note_processes(path, get_pids())
        answers.write("RESULT 2\nOK")
        answers.flush()


def _fields(text):
    return dict(part.split(":", 1) for part in text.split())


if __name__ == "__main__":
    paths = Paths.from_environment()
    listen(paths.demo_file, Supervisor(paths, None).pids)
