"""Replace this process by a program, after what a killed predecessor left behind is gone.

    python -I launch.py PROGRAM ARGUMENT…

When Odoo's main process dies by `kill -9`, most of its workers notice and end. The job runner's does not: it would
keep the port, and the next main process could never listen. supervisord marks what it starts (SUPERVISOR_SERVER_URL,
SUPERVISOR_PROCESS_NAME); a process with the very same marks that is not this one is such a leftover.
"""

import os
import signal
import sys
import time
from pathlib import Path

MARKS = ("SUPERVISOR_SERVER_URL", "SUPERVISOR_PROCESS_NAME")
SECONDS = 10


def main(command):
    if all(name in os.environ for name in MARKS):
        end_leftovers({f"{name}={os.environ[name]}".encode() for name in MARKS})
    os.execv(command[0], command)


def end_leftovers(marks):
    """Kill the processes whose environment has all marks, except this one, and wait until they are gone."""
    deadline = time.monotonic() + SECONDS
    while left := [pid for pid in _processes() if pid != os.getpid() and marks <= _environment(pid)]:
        if time.monotonic() > deadline:
            sys.exit(f"processes {left} of the predecessor can't be ended")
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def _processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid):
    """Return the variables that a process was started with; none where it ended or belongs to somebody else."""
    try:
        return set(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return set()


if __name__ == "__main__":
    main(sys.argv[1:])
