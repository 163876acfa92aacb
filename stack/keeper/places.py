"""Where a dedicated runtime lies, which ports and which user of the operating system are its own."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from stack import ports

# Each runtime has a number: two ports and a user follow from it. Debian keeps these users for local use.
SLOTS = range(200)
FIRST_PORT, FIRST_USER = 8300, 30000
COMMON = ("filestore", "sessions")  # folders in which manager and runtime both work


@dataclass(frozen=True)
class Place:
    """The folders of one runtime.

    :param folder: what manager and keeper tell each other
    :param data: Odoo's data_dir
    :param private: its secrets and temporary files
    """

    code: str
    folder: Path
    data: Path
    private: Path

    @property
    def addons(self):
        """Links to the addons that tenants may see, for all runtimes. No runtime's code has such a name."""
        return self.private.with_name("_addons")

    @property
    def start_file(self):
        """What `enter.py` reads. Beside the private folder: the runtime's user must not choose what root starts."""
        return self.private.with_name(f"{self.code}.json")


@dataclass(frozen=True)
class Slot:
    """What a number stands for.

    :param uid, gid: the runtime's own, or the keeper's where it may not choose
    """

    number: int
    uid: int
    gid: int

    @property
    def http_port(self):
        return FIRST_PORT + 2 * self.number

    @property
    def gevent_port(self):
        return self.http_port + 1


def slot_of(number):
    """Return what a number stands for. Only root can be somebody else."""
    if os.geteuid():
        return Slot(number, os.geteuid(), os.getegid())
    return Slot(number, FIRST_USER + number, FIRST_USER + number)


def is_free(slot):
    """Tell whether both ports of a slot are free."""
    return all(ports.is_free("127.0.0.1", port) for port in (slot.http_port, slot.gevent_port))


def prepare(place, slot, owner):
    """Make the folders of a runtime. Runs again, also for another slot.

    The data's folder is the gate: it belongs to the manager and to the runtime's group, and nobody else gets in. Behind
    it both may do everything, whoever of them has written a file. It is sticky, so that the runtime can't put something
    else in the place of `filestore` and `sessions`, which the manager enters.

    :param os.stat_result owner: of the folder that the manager writes; these data are its, too
    """
    place.data.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    for path, mode in ((place.data, 0o1770), *((place.data / name, 0o777) for name in COMMON)):
        path.mkdir(exist_ok=True)
        os.chown(path, owner.st_uid, slot.gid if path == place.data else owner.st_gid, follow_symlinks=False)
        path.chmod(mode)
    _own_what_it_keeps(place, slot)


def _own_what_it_keeps(place, slot):
    """Give a runtime that got another number its sessions and the like; attachments are open to both anyway."""
    for entry in [*os.scandir(place.data), *os.scandir(place.data / "sessions")]:
        if entry.name not in COMMON and entry.stat(follow_symlinks=False).st_uid != slot.uid:
            _give(entry, slot)


def _give(entry, slot):
    os.chown(entry.path, slot.uid, slot.gid, follow_symlinks=False)
    if not entry.is_dir(follow_symlinks=False):
        return
    for _top, folders, files, descriptor in os.fwalk(entry.path, follow_symlinks=False):
        for name in [*folders, *files]:
            os.chown(name, slot.uid, slot.gid, dir_fd=descriptor, follow_symlinks=False)


def write_private(place, slot, texts):
    """Write what the runtime's user alone may read.

    :param dict texts: name -> text, None: no such file
    """
    for folder in (place.private, place.private / "tmp"):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, slot.uid, slot.gid, follow_symlinks=False)
    for name, text in texts.items():
        path = place.private / name
        path.unlink(missing_ok=True)
        if text is None:
            continue
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="utf-8") as file:
            os.fchown(file.fileno(), slot.uid, slot.gid)
            file.write(text)


def tenants_left(place):
    """Return the names of tenants' folders that are still in a runtime's data."""
    filestore = place.data / "filestore"
    return sorted(path.name for path in filestore.iterdir()) if filestore.is_dir() else []


def remove(place):
    """Remove all of a runtime, what the manager wanted last."""
    for folder in (place.private, place.data):
        shutil.rmtree(folder, ignore_errors=not folder.exists())
    place.start_file.unlink(missing_ok=True)
    shutil.rmtree(place.folder, ignore_errors=not place.folder.exists())
