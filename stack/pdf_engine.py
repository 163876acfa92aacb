"""wkhtmltopdf, which prints the tenants' invoices: the machine's, or Debian's package, unpacked and not installed."""

import shutil

from stack import console, debian
from stack.errors import StackError
from stack.locks import locked

NAME = "wkhtmltopdf"


def ensure(cache):
    """Have one, if there is a way. Everything else works without.

    :return: where it comes from, in words
    """
    if shutil.which(NAME):
        return f"{NAME} of this machine"
    with locked(cache / f".{NAME}.lock"):
        if folder(cache):
            return f"{NAME}, found in the cache"
        try:
            _download(cache / NAME)
        except StackError as error:
            console.warn(f"No {NAME}, so tenants can't print invoices. Install it to change that. {error}")
            return "none"
    return f"{NAME} from the system's packages, unpacked and not installed"


def folder(cache):
    """Return the folder of the one that was unpacked, or None: the machine has one, or there is none."""
    unpacked = cache / NAME
    return unpacked / "bin" if not shutil.which(NAME) and (unpacked / "complete").exists() else None


def _download(home):
    if not debian.is_available():
        raise StackError("There is no apt here.")
    shutil.rmtree(home, ignore_errors=True)
    apt = debian.Apt(home / "apt")
    apt.update()
    debian.unpack(apt.fetch(apt.missing(NAME)), home / "root")
    shutil.rmtree(apt.folder)
    _write_wrapper(home)
    (home / "complete").touch()


def _write_wrapper(home):
    """Write a script that lets the program find what was unpacked with it."""
    root, script = home / "root", home / "bin" / NAME
    libraries = sorted(root.glob("usr/lib/*-linux-*"))
    plugins = [path / "qt5" / "plugins" for path in libraries]
    lines = [
        "#!/bin/sh",
        f'export LD_LIBRARY_PATH="{":".join(map(str, libraries))}"',
        f'export QT_PLUGIN_PATH="{":".join(map(str, plugins))}"',
        f'exec "{root}/usr/bin/{NAME}" "$@"',
    ]
    script.parent.mkdir(exist_ok=True)
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
