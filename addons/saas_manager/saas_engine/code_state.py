"""Which code a template was built with: a fingerprint that changes when the code does."""

import hashlib
from pathlib import Path

TENANT_ADDONS = ("saas_gateway", "saas_tenant")
SUFFIXES = {".py", ".xml", ".csv", ".js", ".scss", ".po"}


def fingerprint(runtime):
    """Return a hash of Odoo's release and of our addons that a runtime's tenants have.

    :param Runtime runtime: its command names the program and the folders of addons
    """
    digest = hashlib.sha256(runtime.release.encode())
    for path in sorted(_files(runtime)):
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(runtime):
    """Give Odoo's file that names its release, and the source files of our addons, whatever links lead there."""
    for argument in runtime.command:
        if Path(argument).name.startswith("odoo"):
            yield from Path(argument).parent.glob("odoo/release.py")
    for folder in runtime.addons_folders():
        yield from _sources(folder)


def _sources(folder):
    for addon in TENANT_ADDONS:
        for path in (folder / addon).resolve().rglob("*"):
            if path.suffix in SUFFIXES and "tests" not in path.parts:
                yield path
