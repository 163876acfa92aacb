"""The run's secrets: made once, one file each, readable by this user alone."""

import os
import secrets
import sys

from stack.paths import write_atomically

NAMES = ("postgres", "saas_manager", "saas_gateway", "master", "administrator")
RUNTIME = "shared"
# What `begin_rotation` replaces, and what is derived from it. The file beside each has what it was before, or nothing.
ROTATED = ("master", "saas_manager", "saas_gateway")
PREVIOUS = "_previous"
PREDECESSORS = tuple(f"{name}{PREVIOUS}" for name in (*ROTATED, "runtime"))


class SecretFiles:
    """The files of `.run/secrets`.

    :param folder: where they lie
    :param addon: folder of the addon saas_manager, whose naming module derives the runtime's secret
    :param mode: rights of the files
    :param in_place: write into files that are there: a container has them mounted one by one
    """

    def __init__(self, folder, addon, mode=0o600, in_place=False):
        self.folder = folder
        self.addon = addon
        self.mode = mode
        self.in_place = in_place

    def path(self, name):
        return self.folder / name

    def read(self, name):
        return self.path(name).read_text().strip()

    def previous(self, name):
        """Return what a secret was before, while it is being replaced; else nothing."""
        path = self.path(f"{name}{PREVIOUS}")
        return path.read_text().strip() if path.exists() else ""

    def create(self):
        """Make what is missing; an existing secret is never touched."""
        for name in NAMES:
            if not self.path(name).exists():
                # The administrator's password is typed by people.
                value = secrets.token_urlsafe(12) if name == "administrator" else secrets.token_urlsafe(48)
                self.write(name, value)
        self.write("runtime", self.runtime_secret(self.read("master")))
        for name in PREDECESSORS:
            if not self.path(name).exists():
                self.write(name, "")

    def begin_rotation(self):
        """Put new secrets in place of those that are there, which are kept beside them. Runs again after a kill.

        The one that derives from the master secret comes before it: the manager must not sign by what its tenants'
        service does not know.
        """
        for name in ROTATED:
            current = self.read(name)
            if current and self.previous(name) not in ("", current):
                continue  # this one was replaced already
            if current:
                self.write(f"{name}{PREVIOUS}", current)
            value = secrets.token_urlsafe(48)
            if name == "master":
                self.write(f"runtime{PREVIOUS}", self.runtime_secret(self.previous(name)))
                self.write("runtime", self.runtime_secret(value))
            self.write(name, value)

    def finish_rotation(self):
        """Forget the secrets before."""
        for name in PREDECESSORS:
            self.write(name, "")

    def write(self, name, value):
        path = self.path(name)
        if not (self.in_place and path.exists()):
            return write_atomically(path, value, self.mode)
        path.chmod(self.mode | 0o200)
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.pwrite(descriptor, value.encode(), 0)
            os.ftruncate(descriptor, len(value.encode()))
            os.fchmod(descriptor, self.mode)
        finally:
            os.close(descriptor)

    def runtime_secret(self, master):
        """Return what the tenants' passwords derive from, made from a master secret."""
        sys.path.insert(0, str(self.addon))
        try:
            from saas_engine import naming
        finally:
            sys.path.remove(str(self.addon))
        return naming.runtime_secret(master.encode(), RUNTIME)

    def write_pgpass(self, cluster):
        """Write the password files that libpq reads, one for each service's role whose password is here."""
        for role in filter(lambda role: self.path(role).exists(), ("saas_manager", "saas_gateway")):
            line = f"{cluster.host}:{cluster.port}:*:{role}:"
            if self.previous(role):
                self.write(f"{role}.pgpass{PREVIOUS}", f"{line}{self.previous(role)}\n")
            else:
                self.path(f"{role}.pgpass{PREVIOUS}").unlink(missing_ok=True)
            self.write(f"{role}.pgpass", f"{line}{self.read(role)}\n")
