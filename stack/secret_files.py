"""The run's secrets: made once, one file each, readable by this user alone."""

import secrets
import sys

from stack.paths import write_atomically

NAMES = ("postgres", "saas_manager", "saas_gateway", "master", "administrator")
RUNTIME = "shared"


class SecretFiles:
    """The files of `.run/secrets`.

    :param folder: where they lie
    :param addon: folder of the addon saas_manager, whose naming module derives the runtime's secret
    :param mode: rights of the files
    """

    def __init__(self, folder, addon, mode=0o600):
        self.folder = folder
        self.addon = addon
        self.mode = mode

    def path(self, name):
        return self.folder / name

    def read(self, name):
        return self.path(name).read_text().strip()

    def create(self):
        """Make what is missing; an existing secret is never touched."""
        for name in NAMES:
            if not self.path(name).exists():
                # The administrator's password is typed by people.
                value = secrets.token_urlsafe(12) if name == "administrator" else secrets.token_urlsafe(48)
                self.write(name, value)
        self.write("runtime", self.runtime_secret())

    def write(self, name, value):
        write_atomically(self.path(name), value, self.mode)

    def runtime_secret(self):
        """Return what the tenants' passwords derive from."""
        sys.path.insert(0, str(self.addon))
        try:
            from saas_engine import naming
        finally:
            sys.path.remove(str(self.addon))
        return naming.runtime_secret(self.read("master").encode(), RUNTIME)

    def write_pgpass(self, cluster):
        """Write the password files that libpq reads, one for each service's role whose password is here."""
        for role in filter(lambda role: self.path(role).exists(), ("saas_manager", "saas_gateway")):
            line = f"{cluster.host}:{cluster.port}:*:{role}:{self.read(role)}\n"
            self.write(f"{role}.pgpass", line)
