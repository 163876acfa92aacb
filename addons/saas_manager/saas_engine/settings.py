"""What the engine needs of its environment: secrets and places. Secrets may come from a file: NAME or NAME_FILE.

What a person may configure is in `models/saas_settings.py`.
"""

import dataclasses
import os
import re
from pathlib import Path

from .errors import ConfigurationError
from .naming import SECRET_BYTES

# What examples, tutorials and images ship. Whoever leaves one of them in place has no secret.
EXAMPLE_VALUES = frozenset(
    "admin default example manager odoo passw0rd password postgres root saas secret test".split()
)
PREVIOUS = "_previous"  # behind the name of a secret's file: what it was before
EXAMPLE_PARTS = ("changeme", "yoursecret", "yourpassword", "replaceme", "placeholder", "examplesecret")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What an installation decides once. `docs/architecture.md` explains each."""

    master_secret: bytes = dataclasses.field(repr=False)
    previous_secret: bytes | None = dataclasses.field(repr=False, default=None, kw_only=True)
    runtimes_dir: Path
    backup_dir: Path
    pg_bin: Path | None = None
    proxy_url: str | None = None
    tls_address: tuple | None = None
    dedicated_dir: Path | None = None

    @classmethod
    def from_environment(cls, environ=None):
        """Read and check the environment.

        :param environ: a mapping, by default the process's environment
        :raise ConfigurationError: names the variable at fault, never its value if that is a secret
        """
        environ = os.environ if environ is None else environ
        pg_bin, dedicated_dir = environ.get("SAAS_PG_BIN"), environ.get("SAAS_DEDICATED_DIR")
        return cls(
            master_secret=_secret(environ, "SAAS_MASTER_SECRET"),
            previous_secret=_previous(environ, "SAAS_MASTER_SECRET"),
            runtimes_dir=Path(_required(environ, "SAAS_RUNTIMES_DIR")),
            backup_dir=Path(_required(environ, "SAAS_BACKUP_DIR")),
            pg_bin=Path(pg_bin) if pg_bin else None,
            proxy_url=(environ.get("SAAS_PROXY_URL") or "").rstrip("/") or None,
            tls_address=network_address(environ, "SAAS_PROXY_TLS"),
            dedicated_dir=Path(dedicated_dir) if dedicated_dir else None,
        )


def text_secret(environ, name):
    """Return the secret `name` from the environment or from the file that `name`_FILE points to.

    :raise ConfigurationError: neither is there, or it is empty, unreadable or a known example
    """
    value, path = environ.get(name), environ.get(f"{name}_FILE")
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise ConfigurationError(f"{name}_FILE: {path} cannot be read: {reason}") from None
    if not value:
        raise ConfigurationError(f"{name} or {name}_FILE is missing or empty.")
    if is_example(value):
        raise ConfigurationError(f"{name} is an example value that everybody knows. Put a random one in its place.")
    return value


def is_example(value):
    """Tell whether a secret is one that examples use: "change-me" and its relatives, in any spelling."""
    plain = re.sub(r"[^a-z0-9]", "", value.lower())
    return plain.rstrip("0123456789") in EXAMPLE_VALUES | {""} or any(part in plain for part in EXAMPLE_PARTS)


def _secret(environ, name):
    secret = text_secret(environ, name).encode()
    if len(secret) < SECRET_BYTES:
        raise ConfigurationError(f"{name} is too short: it needs at least {SECRET_BYTES} bytes.")
    return secret


def previous_text(environ, name):
    """Return what a secret was before, while it is being replaced, or None: it is in a file beside the secret's own.

    An empty file is none: where secrets are mounted or loaded, it has to be there.
    """
    own = environ.get(f"{name}_FILE")
    file = Path(f"{own}{PREVIOUS}") if own else None
    return (file.read_text(encoding="utf-8").strip() or None) if file and file.exists() else None


def _previous(environ, name):
    value = previous_text(environ, name)
    return value.encode() if value else None


def _required(environ, name):
    value = (environ.get(name) or "").strip()
    if not value:
        raise ConfigurationError(f"{name} is missing or empty.")
    return value


def network_address(environ, name):
    """Return the `host:port` in the variable `name` as a pair, or None if it is not set.

    :raise ConfigurationError: it is something else
    """
    value = (environ.get(name) or "").strip()
    if not value:
        return None
    host, _colon, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"{name} is {value!r}: it must be a host and a port, such as traefik:443.")
    return host.strip("[]"), int(port)


def port_number(environ, name):
    """Return the port in the variable `name`, or None if it is not set."""
    value = environ.get(name)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise ConfigurationError(f"{name} is {value!r}: it must be a port number.")
    return int(value)
