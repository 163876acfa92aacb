"""A zip that somebody gave us, in Odoo's format of dumps: looked at before anything of it is unpacked."""

import contextlib
import json
import re
import shutil
import stat
import zipfile

from .errors import RestoreError

SCRIPT, MANIFEST = "dump.sql", "manifest.json"
MAX_MANIFEST = 1024 * 1024
MAX_ENTRIES = 2_000_000
CHUNK = 1024 * 1024
# Where Odoo puts the content of an attachment: two digits of its checksum, and all of it.
STORED = re.compile(r"filestore/([0-9a-f]{2}/[0-9a-f]{4,64})")
# What Odoo's own zips have beside these: empty folders, and its list of files to collect.
PASSED_OVER = re.compile(r"filestore/(checklist/.*|[0-9a-f]{2}/)?|filestore/[0-9a-f]{2}/?")


class DumpArchive:
    """An opened zip whose names and sizes were checked.

    :param zipfile.ZipFile archive:
    :raise RestoreError: says what is wrong with it
    """

    def __init__(self, archive, max_bytes):
        self._archive = archive
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise RestoreError(f"The dump has {len(entries)} entries; {MAX_ENTRIES} are allowed.")
        self.size = sum(entry.file_size for entry in entries)
        if self.size > max_bytes:
            raise RestoreError(f"The dump unpacks to {self.size} bytes; {max_bytes} are allowed.")
        self._files = {}
        for entry in entries:
            self._check(entry)
        if not {SCRIPT, MANIFEST} <= self._files.keys():
            raise RestoreError(f"The dump lacks {SCRIPT} or {MANIFEST}: it is none of Odoo's.")
        self.manifest = self._read_manifest()

    def script(self):
        """Give the dump in SQL, as a file of bytes."""
        return self._archive.open(self._files[SCRIPT])

    def unpack_files(self, folder):
        """Write the attachments below a folder that is not there yet.

        A zip's reader stops at the size that was declared, which was counted, and checks the content's sum.

        :raise RestoreError: a content is not what the zip says
        """
        folder.mkdir(parents=True)
        for name, entry in self._files.items():
            if found := STORED.fullmatch(name):
                target = folder / found[1]
                target.parent.mkdir(exist_ok=True)
                with self._archive.open(entry) as source, open(target, "xb") as file:
                    shutil.copyfileobj(source, file, CHUNK)

    def _check(self, entry):
        name = entry.filename
        if name not in (SCRIPT, MANIFEST) and not STORED.fullmatch(name):
            if PASSED_OVER.fullmatch(name):
                return
            raise RestoreError(f"The dump has an entry that is none of Odoo's: {name[:100]!r}.")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            raise RestoreError(f"The entry {name!r} of the dump is no plain file.")
        if name in self._files:
            raise RestoreError(f"The dump has the entry {name!r} twice.")
        self._files[name] = entry

    def _read_manifest(self):
        if self._files[MANIFEST].file_size > MAX_MANIFEST:
            raise RestoreError(f"The dump's {MANIFEST} is too large.")
        try:
            manifest = json.loads(self._archive.read(self._files[MANIFEST]))
        except (ValueError, RecursionError):
            raise RestoreError(f"The dump's {MANIFEST} can't be read.") from None
        if not isinstance(manifest, dict) or not isinstance(manifest.get("version"), str):
            raise RestoreError(f"The dump's {MANIFEST} does not name a version of Odoo.")
        return manifest


@contextlib.contextmanager
def opened(path, max_bytes):
    """Open and check a zip.

    :param int max_bytes: of all that it unpacks to
    :return: gives a `DumpArchive`
    :raise RestoreError: it is no dump of Odoo's, damaged, or too large
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield DumpArchive(archive, max_bytes)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise RestoreError(f"The dump can't be unpacked: {error}") from error
