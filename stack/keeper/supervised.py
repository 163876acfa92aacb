"""Services as programs of the demo's supervisor, which gets to know them while it runs."""

import threading
from xmlrpc.client import Fault

from stack.paths import write_atomically
from stack.supervisor import ALIVE, NOT_RUNNING, Supervisor
from stack.supervisor_config import Program, section

BAD_NAME, ALREADY_ADDED, STILL_RUNNING, ALREADY_STARTED = 10, 90, 91, 60
LAST_BYTES = 4000
_lock = threading.Lock()  # supervisord reads its configuration for one of us at a time


class Supervised:
    """Starts and stops services through supervisord.

    :param Stack stack: the demo's
    """

    def __init__(self, stack):
        self.stack, self.supervisor = stack, Supervisor(stack.paths, None)

    def start(self, code, command):
        """Have a service running; one that runs already stays as it is."""
        name = _name(code)
        self._make_known(name, command)
        _ignoring(ALREADY_STARTED, self.supervisor.rpc.startProcess, name, False)

    def stop(self, code):
        """Have it stopped, and wait for that."""
        _ignoring((NOT_RUNNING, BAD_NAME), self.supervisor.rpc.stopProcess, _name(code), True)

    def forget(self, code):
        """Have nothing of it left."""
        self.stop(code)
        self._file(_name(code)).unlink(missing_ok=True)
        with _lock:
            self.supervisor.rpc.reloadConfig()
            _ignoring(BAD_NAME, self.supervisor.rpc.removeProcessGroup, _name(code))

    def limit(self, code, memory_mb):
        """Do nothing: a demo has no groups of processes with a limit. Odoo limits each of its processes itself."""

    def is_up(self, code):
        """Tell whether it has a process, or will have one at any moment."""
        try:
            return self.supervisor.rpc.getProcessInfo(_name(code))["state"] in ALIVE
        except Fault as fault:
            if fault.faultCode != BAD_NAME:
                raise
            return False

    def last_words(self, code):
        """Return the end of its log."""
        path = self.stack.paths.logs / f"{_name(code)}.log"
        if not path.exists():
            return ""
        with open(path, "rb") as file:
            file.seek(max(path.stat().st_size - LAST_BYTES, 0))
            return file.read().decode(errors="replace")

    def _make_known(self, name, command):
        launch = (self.stack.tools / "python", "-I", self.stack.paths.root / "stack" / "launch.py")
        program = Program(name, command, before=launch)
        write_atomically(self._file(name), section(program, self.stack.paths.logs))
        with _lock:
            self.supervisor.rpc.reloadConfig()
            _ignoring(ALREADY_ADDED, self.supervisor.rpc.addProcessGroup, name)

    def _file(self, name):
        return self.stack.paths.programs / f"{name}.conf"


def _name(code):
    return f"runtime-{code}"


def _ignoring(codes, call, *arguments):
    """Call supervisord; what it says with one of these codes is what was wanted anyway."""
    try:
        call(*arguments)
    except Fault as fault:
        if fault.faultCode not in (codes if isinstance(codes, tuple) else (codes,)):
            raise
