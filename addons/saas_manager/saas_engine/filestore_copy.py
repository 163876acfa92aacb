"""Attachments pass from one runtime to another: copied while the tenant works, completed while it rests.

A file's name is its checksum, so whatever has a file of the name and the size has the file. One of the two folders may
be writable to code of a tenant's own: nothing here follows a link, and each folder is held open while it is worked in.
"""

import contextlib
import os
import stat

from . import dropping, filestore
from .errors import EngineError

DRAFT = ".saas-moving"
CHUNK = 1 << 20
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


def copy_missing(source, target, name):
    """Copy what the target's folder of a database lacks. Runs again; a file is there as a whole or not at all.

    :param Runtime source, target: what a dedicated runtime gets, its user may change; its gate keeps others out
    :return: how many files were copied
    :raise DiskFullError, EngineError: what was copied stays, for the next run
    """
    origin, folder = filestore.folder(source, name), filestore.folder(target, name)
    if not origin.is_dir():
        return 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _opened(origin) as from_fd, _opened(folder) as to_fd:
            return _copy_folder(from_fd, to_fd, (0o777, 0o666) if target.dedicated else (0o700, 0o600))
    except OSError as error:
        raise filestore.translated(error, folder) from error


def missing_bytes(source, target, name):
    """Return how much there is to copy at most: what the one folder has more than the other."""
    return max(0, filestore.size(filestore.folder(source, name)) - filestore.size(filestore.folder(target, name)))


def remove_copied(source, target, name, order):
    """Remove the folder of a database that has moved, after a look at each file.

    :param Order order: of the kind `moved`
    :raise EngineError: the target lacks one; nothing was removed
    """
    origin = filestore.folder(source, name)
    if not origin.is_dir():
        return
    folder = filestore.folder(target, name)
    with _opened(origin) as from_fd, _opened(folder) as to_fd:
        lacking = _lacking(from_fd, to_fd)
    if lacking:
        raise EngineError(f"{folder} lacks {lacking} files that are in {origin}.")
    dropping.drop_moved(source, order, name)


@contextlib.contextmanager
def _opened(path, dir_fd=None):
    descriptor = os.open(path, OPEN_FOLDER, dir_fd=dir_fd)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _copy_folder(from_fd, to_fd, modes):
    os.fchmod(to_fd, modes[0])
    copied = 0
    for entry in _entries(from_fd):
        if entry.is_dir(follow_symlinks=False):
            with contextlib.suppress(FileExistsError):
                os.mkdir(entry.name, dir_fd=to_fd)
            with _opened(entry.name, from_fd) as inner, _opened(entry.name, to_fd) as other:
                copied += _copy_folder(inner, other, modes)
        elif entry.is_file(follow_symlinks=False) and not _has(to_fd, entry):
            copied += _copy_file(entry.name, from_fd, to_fd, modes[1])
    return copied


def _copy_file(name, from_fd, to_fd, mode):
    """Copy a file; one that Odoo's own clean-up removes meanwhile is not missed."""
    try:
        source = os.open(name, OPEN_FILE, dir_fd=from_fd)
    except FileNotFoundError:
        return 0
    with open(source, "rb") as reading:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(DRAFT, dir_fd=to_fd)
        draft = os.open(DRAFT, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=to_fd)
        with open(draft, "wb") as writing:
            while chunk := reading.read(CHUNK):
                writing.write(chunk)
            os.fchmod(draft, mode)
    os.rename(DRAFT, name, src_dir_fd=to_fd, dst_dir_fd=to_fd)
    return 1


def _lacking(from_fd, to_fd):
    """Return how many files of one folder the other has not."""
    count = 0
    for entry in _entries(from_fd):
        if entry.is_dir(follow_symlinks=False):
            with _opened(entry.name, from_fd) as inner:
                try:
                    with _opened(entry.name, to_fd) as other:
                        count += _lacking(inner, other)
                except FileNotFoundError:
                    count += sum(1 for _each in _entries(inner))
        elif entry.is_file(follow_symlinks=False) and not _has(to_fd, entry):
            count += 1
    return count


def _entries(descriptor):
    with os.scandir(descriptor) as entries:
        return [entry for entry in entries if entry.name != DRAFT]


def _has(to_fd, entry):
    try:
        found = os.stat(entry.name, dir_fd=to_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == entry.stat(follow_symlinks=False).st_size
