"""A finished dump on the disk, and whether it is the one that was recorded."""

import dataclasses
import hashlib
import zipfile
from pathlib import Path

from .errors import BackupError


@dataclasses.dataclass(frozen=True)
class BackupFile:
    """A finished dump."""

    path: Path
    size: int
    sha256: str


def check(backup):
    """Make sure that a recorded dump is there, whole and a zip with a dump in it.

    :param BackupFile backup: as it was recorded
    :raise BackupError: says what is wrong with it
    """
    try:
        if checksum(backup.path) != backup.sha256:
            raise BackupError(f"{backup.path} is not the dump that was recorded: its checksum differs.")
        with zipfile.ZipFile(backup.path) as archive:
            archive.getinfo("dump.sql")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BackupError(f"{backup.path} cannot be used: {error}") from error


def checksum(path):
    """Return the SHA-256 of a file, as hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
