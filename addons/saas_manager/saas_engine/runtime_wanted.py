"""What the manager wants of a dedicated runtime, and what its keeper says of it: two files in a folder of its own.

Values only, each checked by whoever reads it, and never a command: the manager chooses what runs no more than who edits
its records does.
"""

import dataclasses
import json
import os
import re
from pathlib import Path

from . import naming
from .errors import ConfigurationError

STATES = ("running", "stopped", "removed")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
WORKERS, MEMORY_MB = range(1, 33), range(512, 1048577)
COUNTS = ("revision", "restarts")
SECRET_LINE = re.compile(r"[\x21-\x7e]{16,512}")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One runtime as it should be.

    :param str state: one of STATES
    :param bool own_code: whether code of the tenant's own is allowed in it
    :param int memory_mb: all its processes together
    :param dict hosts: what leads to it -> until when, in seconds since 1970, or None for ever
    :param int restarts: how often it was asked to start anew
    :param int revision: counts the changes, so that whoever waits knows when the keeper has read the last one
    """

    code: str
    state: str = "running"
    own_code: bool = False
    workers: int = 2
    memory_mb: int = 2048
    hosts: dict = dataclasses.field(default_factory=dict)
    restarts: int = 0
    revision: int = 0

    def __post_init__(self):
        naming.runtime_code(self.code)
        _require(self.state in STATES, "state", self.state)
        _require(isinstance(self.own_code, bool), "own_code", self.own_code)
        _require(_is_count(self.workers) and self.workers in WORKERS, "workers", self.workers)
        _require(_is_count(self.memory_mb) and self.memory_mb in MEMORY_MB, "memory_mb", self.memory_mb)
        _require(isinstance(self.hosts, dict) and all(map(_is_host, self.hosts.items())), "hosts", self.hosts)
        for name in COUNTS:
            _require(_is_count(getattr(self, name)), name, getattr(self, name))

    @classmethod
    def load(cls, folder):
        """Read the file of a runtime's folder; None if there is none.

        :raise InvalidNameError, ConfigurationError: it is not what it should be
        """
        values = read(Path(folder) / "wanted.json")
        if values is None:
            return None
        unknown = values.keys() - {field.name for field in dataclasses.fields(cls)}
        _require(not unknown, "field", ", ".join(sorted(unknown)))
        return cls(**values)

    def alive_hosts(self, now):
        """Return the hosts that lead to it still: a set.

        :param float now: in seconds since 1970
        """
        return {host for host, until in self.hosts.items() if until is None or until > now}

    def save(self, folder):
        """Replace the file as a whole."""
        write(Path(folder) / "wanted.json", json.dumps(dataclasses.asdict(self), indent=2) + "\n")


@dataclasses.dataclass(frozen=True)
class Status:
    """One runtime as its keeper sees it.

    :param str state: ``starting``, ``running``, ``stopped`` or ``failed``
    :param str reason: why it failed, in words
    :param int revision: of what was wanted, as far as it was acted upon
    :param int restarts: how often it was started anew, as far as that was done
    :param int slot: its number among the runtimes of this machine: ports and user follow from it
    :param bool separate: whether it has an operating-system user of its own
    """

    state: str = "starting"
    reason: str = ""
    revision: int = 0
    restarts: int = 0
    slot: int = -1
    separate: bool = False

    @classmethod
    def load(cls, folder):
        """Read the file of a runtime's folder; a keeper that has not seen it yet has written none."""
        values = read(Path(folder) / "status.json") or {}
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def save(self, folder):
        """Replace the file as a whole."""
        write(Path(folder) / "status.json", json.dumps(dataclasses.asdict(self), indent=2) + "\n")


def read(path):
    """Return the object in a JSON file, None if there is no file.

    :raise ConfigurationError: it can't be read, or holds something else
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} does not hold an object.")
    return values


def write(path, text, mode=0o600):
    """Replace a file as a whole, for the owner of its folder, and for nobody else unless the mode says so."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        owner = os.stat(path.parent)
        if owner.st_uid != os.geteuid():
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
    temporary.replace(path)


def secret_line(path):
    """Return the one line of a secret's file.

    :raise ConfigurationError: it is missing, or holds something else; its text is not told
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not SECRET_LINE.fullmatch(text):
        raise ConfigurationError(f"{path} does not hold one line of a secret.")
    return text


def optional_secret_line(path):
    """Return the one line of a secret's file; nothing, if it is empty or not there. Raises like `secret_line`."""
    return secret_line(path) if path.exists() and path.stat().st_size else ""


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_host(item):
    host, until = item
    is_time = until is None or (isinstance(until, int | float) and not isinstance(until, bool))
    return isinstance(host, str) and bool(HOST.fullmatch(host)) and is_time


def _require(is_right, name, value):
    if not is_right:
        raise ConfigurationError(f"A runtime's {name} can't be {value!r}.")
