"""The folders of attachments beside the databases. A folder has its real name only when it is complete."""

import errno
import os
import shutil

from . import dropping, naming
from .errors import DiskFullError, EngineError

FULL = {errno.ENOSPC, errno.EDQUOT}
# What must stay free after a clone: a full disk stops every tenant on it.
RESERVE_BYTES = 256 * 1024 * 1024


def clone(runtime, template, name, key, pool_key=""):
    """Copy a template's folder for a tenant. Runs again: a complete copy stays, a killed one is replaced.

    :param str pool_key: of a clone that waits in the pool; its folder is taken if it is there
    :raise DiskFullError: nothing is left of the copy
    """
    if pool_key:
        rename(runtime, naming.pool_database(pool_key), name)
    target, draft = folder(runtime, name), folder(runtime, naming.draft_database(key))
    if target.is_dir():
        return
    dropping.drop_draft_folder(runtime, dropping.own_draft(key))
    try:
        _copy(folder(runtime, template), draft)
        draft.rename(target)
    except OSError as error:
        dropping.drop_draft_folder(runtime, dropping.own_draft(key))
        raise translated(error, draft) from error


def rename(runtime, name, new_name):
    """Rename a folder. Runs again."""
    source, target = folder(runtime, name), folder(runtime, new_name)
    if source.is_dir() and not target.exists():
        source.rename(target)


def names(runtime):
    """Return the names of all folders, which are names of databases."""
    parent = runtime.data_dir / "filestore"
    return [path.name for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def missing(runtime, name, files):
    """Return which of these files of a database are not in its folder.

    :param files: paths inside the folder, as `ir_attachment.store_fname` has them
    """
    parent = folder(runtime, name)
    return [file for file in files if not (parent / file).is_file()]


def require_room(runtime, template):
    """Make sure that a copy of the template's folder fits and leaves the reserve.

    :raise DiskFullError: says how much is missing, and where
    """
    require_bytes(runtime, size(folder(runtime, template)))


def require_bytes(runtime, needed):
    """Make sure that so many bytes fit and leave the reserve. Raises like `require_room`."""
    parent = runtime.data_dir / "filestore"
    while not parent.exists():
        parent = parent.parent
    missing = needed + RESERVE_BYTES - shutil.disk_usage(parent).free
    if missing > 0:
        raise DiskFullError(f"Not enough disk space at {parent}: {_mib(missing)} MiB more are needed.")


def size(path):
    """Return the bytes of all files below a folder; 0 if it does not exist."""
    return sum(os.lstat(os.path.join(top, name)).st_size for top, _, names in os.walk(path) for name in names)


def folder(runtime, name):
    """Return the folder of a database: right inside the runtime's filestore, and not a link that leads out of it.

    :raise InvalidNameError: it is not
    """
    return runtime.folder(name)


def _copy(source, draft):
    draft.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        # Links as links: nothing outside the template's folder may be copied into a tenant's.
        shutil.copytree(source, draft, symlinks=True)
    else:
        draft.mkdir()


def translated(error, path):
    """Return the engine's error for one that the operating system has raised at a path."""
    # copytree gathers the errors of the single files in its own
    causes = [str(reason) for *_, reason in error.args[0]] if isinstance(error, shutil.Error) else []
    if error.errno in FULL or any(os.strerror(number) in cause for number in FULL for cause in causes):
        return DiskFullError(f"The disk of {path.parent} is full.")
    return EngineError(f"{path} could not be written: {causes[0] if causes else error}")


def _mib(count):
    return -(-count // (1024 * 1024))
