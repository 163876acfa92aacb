"""Let something die while a worker is at a named point of the engine: the worker itself, or PostgreSQL under it.

The worker is a process of its own. Where it comes to the point it halts, and goes on only when it is told to.
"""

import contextlib
import importlib
import json
import os
import signal
import warnings
from dataclasses import dataclass

SECONDS = 60


@dataclass(frozen=True)
class Point:
    """A place in the engine.

    :param str name: what the documents call it
    :param str place: a function of the engine as `module.function` or `module.Class.method`
    :param bool after: halt when it has ended, in place of before it begins
    :param int call: which call of it, from 1
    """

    name: str
    place: str
    after: bool = False
    call: int = 1


@contextlib.contextmanager
def halted_at(point, action):
    """Run an action in a process of its own until it is at a point; give the `Worker`.

    :raise AssertionError: it never came there
    """
    reached, told = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        # Of threads: the stand-in for the tenant service is one, and holds nothing that the worker needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if not pid:
        _work(point, action, reached[1], told[0])
    for unused in (reached[1], told[0]):
        os.close(unused)
    worker = Worker(pid, reached[0], told[1])
    try:
        assert worker.read(1) == b".", f"it never came to {point}: {worker.read()}"
        yield worker
    finally:
        worker.kill()
        for used in (reached[0], told[1]):
            os.close(used)


class Worker:
    """The process that halts."""

    def __init__(self, pid, reached, told):
        self.pid, self._reached, self._told = pid, reached, told
        self._ended = False

    def read(self, count=65536):
        """Return what it says next; nothing when it has ended."""
        return os.read(self._reached, count)

    def kill(self):
        """Do what `kill -9` does, and wait for its end."""
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._ended = True

    def go_on(self):
        """Let it work on to its end.

        :return: the name of the exception's class and its message, or None if all went well
        """
        os.write(self._told, b".")
        said = self.read()
        assert said, "it died"
        return json.loads(said)


def _work(point, action, reached, told):
    """Be the worker. Never returns."""
    signal.alarm(SECONDS)
    outcome = None
    try:
        _arm(point, reached, told)
        action()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent wants to know
        outcome = [type(error).__name__, str(error)]
    os.write(reached, json.dumps(outcome).encode()[:65000])
    os._exit(0)


def _arm(point, reached, told):
    """Let the function of a point halt."""
    path = point.place.split(".")
    owner = importlib.import_module(f"saas_engine.{path[0]}")
    for name in path[1:-1]:
        owner = getattr(owner, name)
    function, calls = getattr(owner, path[-1]), []

    def halting(*args, **kwargs):
        calls.append(None)
        is_here = len(calls) == point.call
        if is_here and not point.after:
            _halt(reached, told)
        result = function(*args, **kwargs)
        if is_here and point.after:
            _halt(reached, told)
        return result

    setattr(owner, path[-1], halting)


def _halt(reached, told):
    os.write(reached, b".")
    os.read(told, 1)
