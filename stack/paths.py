"""Where everything lies: one folder for a run, one cache for all of them."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

ROOT = Path(__file__).resolve().parent.parent
# A unix socket's path has at most 107 bytes; the programs append names of their own.
LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True)
class Paths:
    """The folders of one run.

    :param root: the checkout
    :param run: what belongs to this run and may be deleted with it
    :param cache: what any run of any checkout may reuse
    """

    root: Path
    run: Path
    cache: Path

    @classmethod
    def from_environment(cls, environ=os.environ):
        run = Path(environ.get("SAAS_RUN_DIR") or ".run").expanduser()
        cache = Path(environ.get("SAAS_CACHE_DIR") or "~/.cache/saas-manager").expanduser()
        return cls(ROOT, Path(os.path.abspath(ROOT / run)), Path(os.path.abspath(cache)))

    @property
    def code(self):
        """Eight hex digits that tell this run from others on the machine."""
        return hashlib.sha256(str(self.run).encode()).hexdigest()[:8]

    @property
    def addons(self):
        return self.root / "addons"

    @property
    def tenant_addons(self):
        return self.run / "tenant-addons"

    @property
    def logs(self):
        return self.run / "log"

    @property
    def secrets(self):
        return self.run / "secrets"

    @property
    def backups(self):
        return self.run / "backups"

    @property
    def runtimes(self):
        return self.run / "runtimes"

    @property
    def dedicated(self):
        """What the manager and the keeper of dedicated runtimes tell each other."""
        return self.run / "dedicated"

    @property
    def dedicated_data(self):
        """The data of dedicated runtimes, one folder each."""
        return self.run / "dedicated-data"

    @property
    def dedicated_private(self):
        """Secrets and temporary files of dedicated runtimes, one folder each."""
        return self.run / "dedicated-run"

    @property
    def programs(self):
        """Programs that supervisord gets to know while it runs."""
        return self.run / "programs"

    @property
    def mail(self):
        return self.run / "mail"

    @property
    def traefik(self):
        return self.run / "traefik"

    @property
    def demo_file(self):
        return self.run / "demo.json"

    @property
    def state_file(self):
        return self.run / "state.json"

    def data(self, service):
        """Odoo's data_dir of a service."""
        return self.run / "data" / service

    @property
    def sockets(self):
        """A folder of ours for unix sockets; elsewhere when the run's own path is too long for one."""
        folder = self.run / "sockets"
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        return Path(tempfile.gettempdir()) / f"saas-{os.getuid()}-{self.code}"

    def create(self):
        """Create the run's folders, closed to other users."""
        for folder in (self.run, self.logs, self.secrets, self.backups, self.runtimes, self.mail, self.traefik):
            private_folder(folder)
        for folder in (self.dedicated, self.programs):
            private_folder(folder)
        for service in ("manager", "tenant"):
            private_folder(self.data(service))
        private_folder(self.sockets)


def private_folder(folder):
    """Create a folder that only this user can enter, and refuse one that somebody else put there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise StackError(f"{folder} belongs to another user. Remove it or set SAAS_RUN_DIR.")
    folder.chmod(0o700)
    return folder


def write_atomically(path, text, mode=0o600):
    """Replace a file as a whole: whoever reads it sees the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
