"""Services as children of the keeper, where it is a container's only program. What ends starts again, ever slower."""

import os
import signal
import subprocess
import threading
import time
from concurrent import futures

STOP_SECONDS = 20
# Between two starts of a service that does not last.
FIRST_PAUSE, LONGEST_PAUSE, LASTS = 1, 30, 60


class Children:
    """Starts and stops services itself. They end with it."""

    def __init__(self):
        self._children = {}
        self._pauses = {}
        self._lock = threading.Lock()

    def start(self, code, command):
        """Have a service running, unless it ended a moment ago."""
        with self._lock:
            if self.is_up(code) or not self._is_due(code):
                return
            # A group of its own: what it leaves behind when it is killed goes with it.
            self._children[code] = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, start_new_session=True
            )

    def stop(self, code):
        """Have it stopped, and wait for that."""
        child = self._children.pop(code, None)
        self._pauses.pop(code, None)
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        _kill_group(child.pid)
        child.wait()

    def forget(self, code):
        """Have nothing of it left."""
        self.stop(code)

    def limit(self, code, memory_mb):
        """Do nothing: the container has a limit for all of them, and Odoo one for each of its processes."""

    def is_up(self, code):
        """Tell whether it has a process."""
        child = self._children.get(code)
        return child is not None and child.poll() is None

    def last_words(self, code):
        """Return where its log is: it goes where the keeper's goes."""
        return f"It does not answer. The log of the keeper of such services tells why; look for {code}."

    def stop_all(self):
        """Stop all at once, and wait for that."""
        with futures.ThreadPoolExecutor(max(len(self._children), 1)) as pool:
            list(pool.map(self.stop, list(self._children)))

    def _is_due(self, code):
        """Tell whether it may be started now; each start that did not last makes the next pause longer."""
        now = time.monotonic()
        started, pause = self._pauses.get(code, (float("-inf"), 0))
        if now - started < pause:
            return False
        if code in self._children:
            _kill_group(self._children[code].pid)
        longer = min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
        self._pauses[code] = (now, FIRST_PAUSE if now - started > LASTS else longer)
        return True


def _kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
