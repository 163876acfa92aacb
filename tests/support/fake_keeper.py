"""Stands in for the keeper of dedicated runtimes: it has seen whatever is wanted, and starts nothing."""

import contextlib
import shutil
import threading

from saas_engine.errors import ConfigurationError
from saas_engine.runtime_wanted import Status, Wanted

STATES = {"running": "running", "stopped": "stopped"}


class FakeKeeper(threading.Thread):
    """Acts upon a folder of wanted runtimes.

    :ivar reason: why no runtime starts; empty: each does
    :ivar is_away: it does nothing for the time being
    """

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.reason, self.is_away = folder, "", False
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.005):
            for path in [] if self.is_away else self.folder.iterdir():
                with contextlib.suppress(ConfigurationError, FileNotFoundError):
                    self._keep(path)

    def _keep(self, path):
        wanted = Wanted.load(path)
        if wanted is None:
            return
        if wanted.state == "removed":
            shutil.rmtree(path)
            return
        state = "failed" if self.reason else STATES[wanted.state]
        status = Status(state, self.reason, wanted.revision, wanted.restarts, 0, True)
        if status != Status.load(path):
            status.save(path)


@contextlib.contextmanager
def keeper(folder):
    """Give a keeper that runs."""
    folder.mkdir(parents=True, exist_ok=True)
    running = FakeKeeper(folder)
    running.start()
    try:
        yield running
    finally:
        running.ended.set()
        running.join()
