"""Debian packages without installing them: downloaded by the machine's own apt, unpacked into a folder.

apt keeps its lists, cache and settings below a folder of ours, so neither root nor a change of the system is
needed. What it downloads it checks against the archive's signature as always.
"""

import os
import re
import shutil
from pathlib import Path

from stack import console
from stack.errors import StackError
from stack.processes import clean_environment, run

DEBIAN_SUITES = ("sid", "unstable", "testing", "stable", "forky", "trixie", "bookworm", "bullseye")
DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def is_available():
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


class Apt:
    """apt with a private state.

    :param folder: where its lists, its cache and the packages go
    :param source: line of a source list to use in place of the machine's sources
    """

    def __init__(self, folder, source=None):
        self.folder = folder
        for part in ("lists/partial", "cache/archives/partial", "packages"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        self.environment = clean_environment(APT_CONFIG=folder / "apt.conf", DEBIAN_FRONTEND="noninteractive")
        (folder / "apt.conf").write_text(self._settings(source))

    def _settings(self, source):
        """The machine's settings (a proxy may stand there), without its hooks, which need root."""
        machine = run(["apt-config", "dump"], what="apt-config").splitlines()
        kept = [line for line in machine if "-Invoke" not in line and "::Post-Install" not in line]
        ours = {
            "Dir::Etc::parts": "/nonexistent",
            "Dir::Etc::main": "/nonexistent",
            "Dir::State::lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": "1",
            "Acquire::http::Timeout": "20",
            "APT::Sandbox::User": "root",
            "Debug::NoLocking": "true",
        }
        if source:
            (self.folder / "sources.list").write_text(source + "\n")
            ours |= {
                "Dir::Etc::sourcelist": self.folder / "sources.list",
                "Dir::Etc::sourceparts": "/nonexistent",
                # Nothing counts as installed: another suite's packages are taken as they are.
                "Dir::State::status": "/dev/null",
            }
        return "\n".join([*kept, *(f'{name} "{value}";' for name, value in ours.items())]) + "\n"

    def update(self):
        self._apt("apt-get", "update", "-qq")

    def names(self, pattern):
        """Return the packages whose whole name matches a regular expression."""
        return [name for name in self._apt("apt-cache", "pkgnames").split() if re.fullmatch(pattern, name)]

    def missing(self, package):
        """Return what an installation of the package would add to this machine."""
        plan = self._apt("apt-get", "-s", "install", "--no-install-recommends", package)
        return re.findall(r"^Inst (\S+)", plan, re.MULTILINE)

    def fetch(self, packages):
        """Download packages.

        :return: their files
        """
        folder = self.folder / "packages"
        self._apt("apt-get", "download", "-qq", *packages, cwd=folder)
        files = sorted(folder.glob("*.deb"))
        size = sum(file.stat().st_size for file in files)
        console.note(f"downloaded {len(files)} Debian packages, {console.megabytes(size)}")
        return files

    def _apt(self, *command, cwd=None):
        return run(command, environment=self.environment, cwd=cwd, what=" ".join(command[:2]))


def unpack(files, folder):
    """Unpack packages into ONE folder: their links to each other's files are relative."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        run(["dpkg", "-x", file, folder], what=f"Unpacking {file.name}")


def source_line(suite):
    """Return a source list's line for another suite of Debian, on the mirror that this machine uses.

    :raise StackError: where the machine's sources name no Debian mirror
    """
    mirror = os.environ.get("SAAS_DEBIAN_MIRROR") or _machine_mirror()
    if not mirror:
        raise StackError("apt knows no Debian mirror here. Set SAAS_DEBIAN_MIRROR to the address of one.")
    signed = f" [signed-by={DEBIAN_KEYRING}]" if DEBIAN_KEYRING.exists() else ""
    return f"deb{signed} {mirror} {suite} main"


def _machine_mirror():
    targets = run(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"], what="apt-get")
    for target in targets.splitlines():
        address, suite, component = target.split("|")
        if suite in DEBIAN_SUITES and component == "main" and "security" not in address:
            return address
    return None
