"""Virtual environments, each built once from its lock file and kept in the cache for all runs."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stack import console, debian
from stack.errors import StackError
from stack.locks import locked
from stack.processes import clean_environment, find_program, run

# After 3.12; it and 3.11 are what the lock files are made for; newer ones work as far as their packages have wheels.
INTERPRETERS = ("python3.11", "python3.13", "python3.14", "python3")
OLDEST = (3, 11)
# One queue_job per series: 18.0.3.1.2 is the newest whose test helpers work on every 18.0.
QUEUE_JOB = {"18.0": "18.0.3.1.2", "19.0": "19.0.2.4.0.1"}


def environment(paths, name):
    """Return the Python of the virtual environment `requirements/<name>.txt`, building it at the first time."""
    lock = paths.root / "requirements" / f"{name}.txt"
    interpreter, version = find_interpreter()
    code = digest(lock, version)
    folder = paths.cache / f"venv-{name}-{code}"
    python = folder / "bin" / "python"
    with locked(paths.cache / f".venv-{name}.lock"):
        if not (folder / "complete").exists():
            _build(folder, interpreter, lock, paths)
            (folder / "complete").touch()
    return python


def digest(lock, version=""):
    """Return a code for what a lock file installs on a version of Python."""
    return hashlib.sha256(lock.read_bytes() + version.encode()).hexdigest()[:12]


def queue_job(paths, series, python):
    """Return the addons folder of queue_job for a series, downloading it at the first time.

    It lies outside the environment, which both series share.
    """
    version = QUEUE_JOB[series]
    folder = paths.cache / f"vendor-{version}"
    with locked(paths.cache / ".vendor.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(python, "--no-deps", "--target", folder, f"odoo-addon-queue-job=={version}")
            (folder / "complete").touch()
    return folder / "odoo" / "addons"


def find_interpreter():
    """Return the machine's best Python for the pinned packages, and its version as text.

    :raise StackError: when all are too old
    """
    # pyenv's shims answer only for the versions that are switched on; the others lie in their own folders.
    pyenv = [str(path) for path in sorted(Path.home().glob(".pyenv/versions/3.12.*/bin/python3.12"))]
    for candidate in (os.environ.get("SAAS_PYTHON"), "python3.12", *pyenv, *INTERPRETERS, sys.executable):
        found = _probe(candidate) if candidate else None
        if found and found[1] >= OLDEST:
            return found[0], "{}.{}".format(*found[1])
    raise StackError("No Python 3.11 or newer here. Install python3.12, or set SAAS_PYTHON to one.")


def _probe(name):
    """Return the real path and version of an interpreter, or None: a shim may stand for one that is not there."""
    if not shutil.which(name):
        return None
    code = "import sys; print(sys.executable, *sys.version_info[:2], sep='\\n')"
    answer = subprocess.run([name, "-c", code], capture_output=True, text=True, check=False)
    if answer.returncode:
        return None
    path, major, minor = answer.stdout.split("\n")[:3]
    return path, (int(major), int(minor))


def _build(folder, interpreter, lock, paths):
    count = sum("==" in line for line in lock.read_text().splitlines())
    console.note(
        f"{lock.stem}: {count} Python packages for {Path(interpreter).name}, from {lock.relative_to(paths.root)}"
    )
    shutil.rmtree(folder, ignore_errors=True)
    _create(folder, interpreter, paths)
    _install(folder / "bin" / "python", "--require-hashes", "-r", lock)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    console.note(f"{lock.stem}: {console.megabytes(size)} in {folder}")


def _create(folder, interpreter, paths):
    uv = find_program("uv")
    if uv:
        run([uv, "venv", "--quiet", "--seed", "--python", interpreter, folder], what="uv venv")
        return
    has_pip = not subprocess.run([interpreter, "-c", "import ensurepip"], capture_output=True, check=False).returncode
    run([interpreter, "-m", "venv", *([] if has_pip else ["--without-pip"]), folder], what="python -m venv")
    if not has_pip:
        _add_pip(folder / "bin" / "python", paths)


def _add_pip(python, paths):
    """Debian and Ubuntu ship Python without pip's own wheel; it lies in a package of its own."""
    if not debian.is_available():
        raise StackError("This Python has no ensurepip. Install it (python3-venv), or uv.")
    apt = debian.Apt(paths.cache / ".pip.apt")
    apt.update()
    debian.unpack(apt.fetch(["python3-pip-whl"]), apt.folder / "root")
    (wheel,) = (apt.folder / "root" / "usr" / "share" / "python-wheels").glob("pip-*.whl")
    run([python, wheel / "pip", "install", "--no-index", wheel], what="Installing pip")
    shutil.rmtree(apt.folder)


def _install(python, *what):
    uv = find_program("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        command = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-warn-script-location",
        ]
    run([*command, *what], environment=clean_environment(), what="Installing Python packages")
