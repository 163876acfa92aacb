"""Run a program to its end: output line by line, a time limit, and nothing of it left running."""

import collections
import contextlib
import os
import shutil
import signal
import subprocess
import threading

from .errors import EngineError

TAIL_LINES = 40
# What a child needs of our environment. The rest holds the manager's secrets.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


class ProcessError(EngineError):
    """A program failed or took too long. The message ends with its last lines."""


def plain_environment():
    """Return the part of our environment that no child can do harm with."""
    return {name: value for name in PASSED_ON if (value := os.environ.get(name))}


def run(command, environment, log, timeout, text=""):
    """Run a program in a session of its own.

    :param list command: argv
    :param dict environment: added to the plain environment
    :param log: called with each line of its output
    :param float timeout: seconds; then it is killed with all its children
    :param str text: its standard input
    :raise ProcessError: it did not end well
    """
    tail = collections.deque(maxlen=TAIL_LINES)
    process = subprocess.Popen(  # noqa: S603 - argv, from the runtime's file and checked names
        _dying_with_us(command),
        env={**plain_environment(), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    expired = threading.Event()
    timer = threading.Timer(timeout, _expire, [process, expired])
    timer.start()
    try:
        _feed(process, text)
        for line in process.stdout:
            tail.append(line.rstrip("\n"))
            log(tail[-1])
        process.wait()
    finally:
        timer.cancel()
        _kill(process)
    if process.returncode or expired.is_set():
        reason = f"took longer than {timeout:.0f} s" if expired.is_set() else f"ended with code {process.returncode}"
        raise ProcessError("\n".join([f"{os.path.basename(command[0])} {reason}.", *tail]))


def _dying_with_us(command):
    """Return the command so that `kill -9` of this process ends it, too: a second try must not meet the first."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *command] if setpriv else command


def _feed(process, text):
    with contextlib.suppress(BrokenPipeError):  # it ended early; its code and output tell why
        process.stdin.write(text)
        process.stdin.close()


def _expire(process, expired):
    expired.set()
    _kill(process)


def _kill(process):
    """End whatever is left of the process group, the first process itself included."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
