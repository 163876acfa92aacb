"""What supervisord is told: the programs of a run and how they are kept running."""

import os
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

# What other programs need while they stop.
LAST = ("postgres", "demo-file")


@dataclass
class Program:
    """One process that is kept running.

    :param before: words before the command: a program that prepares the start and then becomes the command
    :param environment: variables beside the common ones; no secret belongs here, only names of files
    :param user: name of the user to run as, where that is not this one
    :param stop_signal: what makes it finish in good order
    :param stop_seconds: how long it may take before it is killed with its children
    """

    name: str
    command: list
    environment: dict = field(default_factory=dict)
    directory: Path | None = None
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    before: tuple = ()


def configuration(paths, socket, programs, listener):
    """Return the text of supervisord.conf.

    :param paths: the run's folders
    :param socket: where supervisord listens
    :param programs: list of Program
    :param Program listener: is told of each program that was started
    """
    logs = paths.logs
    root = "user=root\n" if os.getuid() == 0 else ""
    head = f"""\
[supervisord]
logfile={_escape(logs / "supervisord.log")}
pidfile={_escape(paths.run / "supervisord.pid")}
childlogdir={_escape(logs)}
silent=true
{root}
[unix_http_server]
file={_escape(socket)}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    sections = [_listener_section(listener, logs), *(section(program, logs) for program in programs)]
    return "\n".join([head, *sections, f"[include]\nfiles={_escape(paths.programs)}/*.conf\n"])


def _listener_section(program, logs):
    lines = [
        f"[eventlistener:{program.name}]",
        *_command_lines(program, logs),
        "events=PROCESS_STATE_STARTING,PROCESS_STATE_RUNNING",
    ]
    lines += [
        "stdout_logfile=NONE",
        f"stderr_logfile={_escape(logs / program.name)}.log",
        "stderr_logfile_maxbytes=1MB",
    ]
    return "\n".join(lines) + "\n"


def _command_lines(program, logs):
    command = [*program.before, *with_parent(program.stop_signal), *program.command]
    environment = ",".join(f'{name}="{_escape(value)}"' for name, value in program.environment.items())
    return [
        f"command={_escape(shlex.join(str(part) for part in command))}",
        f"environment={environment}",
        f"directory={_escape(program.directory or logs)}",
    ]


def section(program, logs):
    """Return the part of one program.

    It backs off a second longer after each failed start; a start is good after five seconds.
    """
    lines = [
        f"[program:{program.name}]",
        *_command_lines(program, logs),
        f"stdout_logfile={_escape(logs / program.name)}.log",
        "stdout_logfile_maxbytes=20MB",
        "stdout_logfile_backups=2",
        "redirect_stderr=true",
        # supervisord stops the highest number first, one after the other.
        f"priority={10 if program.name in LAST else 20}",
        "autostart=false",
        "autorestart=true",
        "startsecs=5",
        "startretries=1000",
        f"stopsignal={program.stop_signal}",
        f"stopwaitsecs={program.stop_seconds}",
        # The first signal is for the main process, which ends its workers in order; the last one is for all.
        "stopasgroup=false",
        "killasgroup=true",
    ]
    if program.user:
        lines.append(f"user={program.user}")
    return "\n".join(lines) + "\n"


def with_parent(signal):
    """Return the words before a command that let it end with the process that started it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal, "--"] if setpriv else []


def _escape(value):
    return str(value).replace("%", "%%")
