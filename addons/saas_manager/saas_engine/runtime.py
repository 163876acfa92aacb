"""A runtime: one tenant service, as its `runtime.json` describes it."""

import dataclasses
import json
from pathlib import Path

from . import naming
from .errors import ConfigurationError, InvalidNameError

ADDONS_PATH = "--addons-path="
FIELDS = {"code": str, "release": str, "url": str, "data_dir": str, "command": list, "environment": dict}
OPTIONAL = {"service": list}


@dataclasses.dataclass(frozen=True)
class Runtime:
    """How the tenants of one service are reached, and how the same Odoo is run to build their templates.

    :ivar bool dedicated: it is one tenant's own; its files are written by another operating-system user
    """

    code: str
    release: str
    url: str
    data_dir: Path
    command: list
    environment: dict
    service: list = dataclasses.field(default_factory=list)  # what the service is started with beside its command
    dedicated: bool = False

    @classmethod
    def load(cls, runtimes_dir, code, dedicated=False):
        """Read `<runtimes_dir>/<code>/runtime.json`.

        :raise InvalidNameError: the code is not one
        :raise ConfigurationError: the file is missing or wrong; says where and what
        """
        path = Path(runtimes_dir) / naming.runtime_code(code) / "runtime.json"
        values = _checked(path, _read(path))
        if values["code"] != code:
            raise ConfigurationError(f"{path}: its code is {values['code']!r}, its folder's name {code!r}.")
        values["url"] = values["url"].rstrip("/")
        values["data_dir"] = Path(values["data_dir"])
        return cls(**values, dedicated=dedicated)

    def filestore(self, db):
        """Return the folder of a database's attachments, where Odoo expects it."""
        return self.data_dir / "filestore" / naming.database_name(db)

    def option(self, name):
        """Return an option of Odoo that the service is started with, as a number; None where it has none.

        :param str name: such as "workers", as Odoo's configuration calls it
        """
        spellings = (f"--{name}=", f"--{name.replace('_', '-')}=")
        found = [text.partition("=")[2] for text in [*self.command, *self.service] if text.startswith(spellings)]
        return int(found[-1]) if found and found[-1].isdecimal() else None

    def folder(self, db):
        """Return the same, and make sure that it is not a link that leads out of the runtime's filestore.

        :raise InvalidNameError: it is one
        """
        path = self.filestore(db)
        if path.is_symlink():
            raise InvalidNameError(f"{path} is a link. A filestore is a folder.")
        return path

    def addons_folders(self):
        """Return the folders of addons that the command names."""
        named = [argument for argument in self.command if argument.startswith(ADDONS_PATH)]
        return [Path(folder) for argument in named for folder in argument.removeprefix(ADDONS_PATH).split(",")]

    def missing_addons(self, names):
        """Return, sorted, which of these addons are not there.

        Nothing is said to be missing where the folders, or some of them, stand in a configuration file.
        """
        folders = self.addons_folders()

        def exists(name):
            return any((folder / name / "__manifest__.py").is_file() for folder in folders)

        return sorted(name for name in names if not exists(name)) if exists("base") else []

    def tenant_password(self, master, key):
        """Derive the password of a tenant's role, as this runtime's gateway does."""
        secret = naming.runtime_secret(master, self.code)
        return naming.role_password(secret.encode(), key)

    def subcommand(self, name):
        """Return the command with one of Odoo's subcommands in it, which must stand right after the program."""
        for position, argument in enumerate(self.command):
            if Path(argument).name.startswith("odoo"):
                return [*self.command[: position + 1], name, *self.command[position + 1 :]]
        raise ConfigurationError(f"Runtime {self.code}: no odoo-bin in its command {self.command}.")


def _read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from None


def _checked(path, values):
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} does not hold an object.")
    for name, kind in FIELDS.items():
        if not isinstance(values.get(name), kind) or (name != "environment" and not values[name]):
            raise ConfigurationError(f"{path}: {name!r} is missing, empty or of a wrong type.")
    for name, kind in OPTIONAL.items():
        if not isinstance(values.setdefault(name, kind()), kind):
            raise ConfigurationError(f"{path}: {name!r} is of a wrong type.")
    if not Path(values["data_dir"]).is_absolute():
        raise ConfigurationError(f"{path}: 'data_dir' must be an absolute path.")
    texts = [*values["command"], *values["service"], *values["environment"].values()]
    if not all(isinstance(text, str) for text in texts):
        raise ConfigurationError(f"{path}: command, service and environment consist of strings.")
    return {name: values[name] for name in (*FIELDS, *OPTIONAL)}
