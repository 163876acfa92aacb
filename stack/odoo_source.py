"""Finding Odoo: a folder that was named, the cache, the official archive, or Debian's package of 19.0."""

import os
import re
import shutil
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from stack import console, debian
from stack.errors import StackError
from stack.locks import locked

TARGET = "18.0"
SERIES = ("18.0", "19.0")
NIGHTLY = "https://nightly.odoo.com/18.0/nightly/src/odoo_18.0.latest.tar.gz"
NIGHTLY_TIMEOUT = 6
DEBIAN_PACKAGES = (
    "odoo-19",
    # Files that odoo-19 links to. Without jquery every page is an error 500, the rest is fonts and old libraries.
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
)


@dataclass(frozen=True)
class OdooSource:
    """An Odoo that can be run.

    :param home: folder of `odoo-bin`
    :param series: "18.0" or "19.0"
    :param why: where it came from and why this one, in words
    """

    home: Path
    series: str
    why: str

    @property
    def program(self):
        return self.home / "odoo-bin"

    @property
    def addons(self):
        """The addons folders: a Git checkout has two, a packaged Odoo one."""
        return [folder for folder in (self.home / "addons", self.home / "odoo" / "addons") if folder.is_dir()]

    def server_wide(self, *modules):
        """Return the value of `--load`: 19.0 needs its rpc module named, or it has no RPC."""
        base = ("base", "rpc", "web") if self.series >= "19.0" else ("base", "web")
        first = [module for module in modules if module == "saas_gateway"]
        return ",".join([*first, *base, *(module for module in modules if module not in first)])


def find(cache, wanted=None):
    """Find Odoo, downloading it where need be.

    :param cache: folder that keeps what is downloaded
    :param wanted: series to take, or None for the best one to be had
    :raise StackError: when there is none, with what was tried
    """
    if wanted and wanted not in SERIES:
        raise StackError(f"SAAS_ODOO_SERIES is {wanted}; known are {' and '.join(SERIES)}.")
    home = os.environ.get("ODOO_HOME")
    if home:
        return _from_home(Path(home).expanduser().resolve(), wanted)
    with locked(cache / ".odoo.lock"):
        if wanted != "19.0":
            found = _cached(cache, "18.0") or _nightly(cache)
            if found:
                return found
            if wanted:
                raise StackError(f"No Odoo 18.0: not in {cache}/odoo-18.0, and {NIGHTLY} is out of reach.")
            console.warn("Odoo 18.0, the series this project is made for, can't be had here: taking 19.0 instead.")
        return _cached(cache, "19.0") or _debian(cache)


def series_of(home):
    """Return the series of an Odoo folder, read from its release.py, or None."""
    release = home / "odoo" / "release.py"
    if not release.exists():
        return None
    version = re.search(r"^version_info = \((\d+), (\d+)", release.read_text(), re.MULTILINE)
    return f"{version[1]}.{version[2]}" if version else None


def _from_home(home, wanted):
    series = series_of(home)
    if series not in SERIES or not (home / "odoo-bin").exists():
        raise StackError(f"ODOO_HOME={home} holds no odoo-bin of Odoo {' or '.join(SERIES)}.")
    if wanted and wanted != series:
        raise StackError(f"ODOO_HOME holds Odoo {series}, but {wanted} is wanted.")
    return OdooSource(home, series, f"{home}, because ODOO_HOME names it")


def _cached(cache, series):
    home = cache / f"odoo-{series}"
    if (home / "odoo-bin").exists() and series_of(home) == series:
        return OdooSource(home, series, f"{home}, found in the cache")
    return None


def _nightly(cache):
    """Download the official archive; None where the network has it not."""
    archive = cache / "odoo-18.0.tar.gz"
    try:
        answer = urllib.request.urlopen(NIGHTLY, timeout=NIGHTLY_TIMEOUT)  # noqa: S310 - a constant
        with answer as response, open(archive, "wb") as file:
            shutil.copyfileobj(response, file)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        console.note(f"official 18.0 archive: out of reach ({getattr(error, 'reason', error)})")
        archive.unlink(missing_ok=True)
        return None
    console.note(f"downloaded the official 18.0 archive, {console.megabytes(archive.stat().st_size)}")
    unpacked = _fresh(cache / ".odoo-18.0.unpacking")
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    archive.unlink()
    (home,) = unpacked.iterdir()
    if not (home / "odoo-bin").exists():
        shutil.copy(home / "setup" / "odoo", home / "odoo-bin")
    home.replace(cache / "odoo-18.0")
    unpacked.rmdir()
    return OdooSource(cache / "odoo-18.0", "18.0", "the official nightly archive, downloaded now")


def _debian(cache):
    """Unpack Debian's odoo-19 into the cache."""
    if not debian.is_available():
        raise StackError("No Odoo here: set ODOO_HOME to a checkout of Odoo 18.0 (this machine has no apt).")
    apt = debian.Apt(_fresh(cache / ".odoo-19.0.apt"), debian.source_line("sid"))
    apt.update()
    unpacked = _fresh(cache / ".odoo-19.0.unpacking")
    debian.unpack(apt.fetch(DEBIAN_PACKAGES), unpacked)
    _make_runnable(unpacked / "usr" / "lib" / "python3" / "dist-packages", unpacked)
    shutil.rmtree(apt.folder)
    target = cache / "debian-odoo-19.0"
    shutil.rmtree(target, ignore_errors=True)
    unpacked.replace(target)
    link = cache / "odoo-19.0"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(target.name) / "usr" / "lib" / "python3" / "dist-packages")
    return OdooSource(link, "19.0", "Debian's package odoo-19, unpacked into the cache, nothing installed")


def _make_runnable(home, unpacked):
    # `python -m odoo` can't start its gevent process again, a file named odoo-bin can.
    shutil.copy(unpacked / "usr" / "bin" / "odoo", home / "odoo-bin")
    # The package leaves this library out for its licence; the page that asks for it would report an error.
    missing = home / "odoo" / "addons" / "mail" / "static" / "lib" / "selfie_segmentation" / "selfie_segmentation.js"
    missing.parent.mkdir(parents=True, exist_ok=True)
    missing.touch()
    for duplicate in ("addons", "doc", "setup"):
        shutil.rmtree(home / duplicate, ignore_errors=True)


def _fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
