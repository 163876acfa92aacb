"""supervisord: its configuration, starting and stopping it, asking it what runs.

Only what it started is ever stopped. Every program dies with it (`setpriv --pdeathsig`), so that even after a
`kill -9` of the supervisor nothing is left running that the next start would trip over.
"""

import http.client
import socket
import subprocess
import time
import xmlrpc.client
from pathlib import Path

from stack import launch
from stack.errors import StackError
from stack.paths import write_atomically
from stack.processes import clean_environment
from stack.supervisor_config import LAST, configuration, with_parent

START_SECONDS = 20
STOP_SECONDS = 90
# supervisord's states of a program that runs, or will again: STARTING, RUNNING, BACKOFF, STOPPING.
ALIVE = (10, 20, 30, 40)
NOT_RUNNING = 70
SHUTTING_DOWN = 6


class Supervisor:
    """The supervisor of one run.

    :param paths: the run's folders
    :param program: path of supervisord
    """

    def __init__(self, paths, program):
        self.paths = paths
        self.program = program
        self.socket = paths.sockets / "supervisor"
        self.config = paths.run / "supervisord.conf"

    @property
    def rpc(self):
        transport = _UnixTransport(str(self.socket))
        return xmlrpc.client.ServerProxy("http://supervisor", transport=transport).supervisor

    def is_running(self):
        """Tell whether this run's supervisor answers. One that is on its way out is waited for."""
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            try:
                return self.rpc.getState()["statename"] == "RUNNING"
            except (OSError, http.client.HTTPException):
                return False
            except xmlrpc.client.Fault as fault:
                if fault.faultCode != SHUTTING_DOWN:
                    raise
            if time.monotonic() > deadline:
                raise StackError(f"The supervisor of {self.paths.run} has been stopping for {STOP_SECONDS} s.")
            time.sleep(0.1)

    def start(self, programs, listener, dies_with_parent):
        """Write the configuration and start supervisord, with no program running yet.

        :param programs: list of Program
        :param Program listener: is told of each program that was started
        :param dies_with_parent: whether it stops when this process ends (`make demo`)
        """
        write_atomically(self.config, configuration(self.paths, self.socket, programs, listener))
        command = [str(self.program), "--nodaemon", "--configuration", str(self.config)]
        if dies_with_parent:
            command = [*with_parent("TERM"), *command]
        with open(self.paths.logs / "supervisord.out", "ab") as output:
            # A session of its own: Ctrl-C reaches this process alone, which then stops everything in order.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=self.paths.run,
                env=clean_environment(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"The supervisor did not start, see {self.paths.logs}/supervisord.out")
            time.sleep(0.05)

    def start_program(self, name):
        self.rpc.startProcess(name, False)

    def processes(self):
        """Return what supervisord knows of each program, by name."""
        return {info["name"]: info for info in self.rpc.getAllProcessInfo()}

    def pids(self):
        """Return the process ids of what runs, by name, the supervisor's own among them."""
        pids = {name: info["pid"] for name, info in self.processes().items() if info["pid"]}
        return {"supervisor": self.rpc.getPID(), **pids}

    def stop(self):
        """Stop all programs and supervisord itself, and wait until nothing is left.

        All at once, and then those that the others need (supervisord alone would stop one after the other).
        """
        pid = self.rpc.getPID()
        deadline = time.monotonic() + STOP_SECONDS
        first = [name for name, info in self.processes().items() if info["state"] in ALIVE and name not in LAST]
        for name in first:
            self._stop_program(name)
        while any(self.processes()[name]["state"] in ALIVE for name in first) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.rpc.shutdown()
        while _is_alive(pid):
            if time.monotonic() > deadline:
                raise StackError(f"The supervisor (process {pid}) is still running after {STOP_SECONDS} s.")
            time.sleep(0.05)
        self.end_leftovers()

    def end_leftovers(self):
        """End what a program of this supervisor left behind when it was killed; supervisord marks what it starts."""
        launch.end_leftovers({f"SUPERVISOR_SERVER_URL=unix://{self.socket}".encode()})

    def _stop_program(self, name):
        try:
            self.rpc.stopProcess(name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != NOT_RUNNING:  # it ended by itself meanwhile
                raise


def _is_alive(pid):
    """Tell whether a process runs; one that ended and was not collected yet does not count."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        connection = http.client.HTTPConnection(host, timeout=STOP_SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.connect(self.path)
        return connection
