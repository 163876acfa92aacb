"""PostgreSQL: one that was given, or the machine's server programs, or Debian's, with data of our own."""

import os
import pwd
import re
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from stack import console, debian, sizes
from stack.errors import StackError
from stack.locks import locked
from stack.paths import write_atomically
from stack.processes import clean_environment, find_program, run
from stack.supervisor_config import Program

OLDEST = 15
# Where an unprivileged user can reach what root prepared for it; a home folder is closed to it.
SHARED = Path("/var/lib/saas-manager")
ANSWER_SECONDS = 60
PROGRAMS = ("initdb", "postgres", "pg_dump", "pg_restore", "psql", "pg_isready")


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server that is there, or will be once its program is started.

    :param superuser: name of the role that the bootstrap uses
    :param password_file: its password, or None where libpq knows it or the server trusts it
    :param binaries: folder of pg_dump and the others, or None
    :param program: the Program to supervise, or None for a server that somebody else runs
    :param why: which one it is and why, in words
    """

    host: str
    port: int
    superuser: str
    password_file: Path | None
    binaries: Path | None
    program: Program | None
    why: str

    def wait(self):
        """Wait until it accepts connections."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL does not answer at {self.host}:{self.port} ({self.why}).")
            time.sleep(0.1)

    def _answers(self):
        if self.binaries and (self.binaries / "pg_isready").exists():
            command = [self.binaries / "pg_isready", "-q", "-h", self.host, "-p", self.port]
            return not os.spawnve(os.P_WAIT, command[0], [str(part) for part in command], clean_environment())
        try:
            socket.create_connection((self.host, self.port), timeout=2).close()
        except OSError:
            return False
        return True


def prepare(paths, port, secrets):
    """Find PostgreSQL and prepare its data.

    :param port: port for a server of our own
    :param SecretFiles secrets: holds the superuser's password
    """
    if os.environ.get("SAAS_PG_HOST"):
        return _given(secrets)
    home, account = _home(paths)
    binaries, why = find_binaries(paths, home)
    if not (home / "data" / "PG_VERSION").exists():
        _initialise(home, account, binaries, secrets)
    write_atomically(home / "data" / "saas.conf", _settings(home, port), mode=0o644)
    program = Program(
        "postgres",
        [binaries / "postgres", "-D", home / "data"],
        directory=home,
        user=account.pw_name if account else None,
        # Fast shutdown: open transactions are rolled back, then a clean end.
        stop_signal="INT",
        stop_seconds=60,
    )
    return Cluster("127.0.0.1", port, "postgres", secrets.path("postgres"), binaries, program, why)


def _given(secrets):
    environ = os.environ
    host, port = environ["SAAS_PG_HOST"], int(environ.get("SAAS_PG_PORT") or 5432)
    found = find_program("pg_dump", *(folder for _version, folder in installed()))
    superuser = environ.get("SAAS_PG_SUPERUSER") or "postgres"
    binaries = Path(found).parent if found else None
    return Cluster(host, port, superuser, _given_password(secrets), binaries, None, "given by SAAS_PG_HOST")


def _given_password(secrets):
    """Return the file of the superuser's password, or None where none was given."""
    file, password = (os.environ.get(f"SAAS_PG_SUPERUSER_PASSWORD{suffix}") for suffix in ("_FILE", ""))
    if password and not file:
        write_atomically(secrets.path("given_superuser"), password)
        return secrets.path("given_superuser")
    return Path(file).absolute() if file else None


def _home(paths):
    """Return the folder of the cluster and, for root, the account that it runs as."""
    link = paths.run / "postgres"
    if os.getuid():
        link.mkdir(mode=0o700, exist_ok=True)
        return link, None
    account = unprivileged_account()
    home = SHARED / paths.code
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    if not link.is_symlink():
        _set_aside(home)
    home.mkdir(mode=0o700, exist_ok=True)
    os.chown(home, account.pw_uid, account.pw_gid)
    if not link.is_symlink():
        link.symlink_to(home)
    return home, account


def _set_aside(home):
    """Make room for a new cluster where a run's folder, with its passwords, was deleted by hand. Data stay."""
    if home.exists():
        aside = home.with_name(f"{home.name}-left-{time.strftime('%Y%m%d-%H%M%S')}")
        home.rename(aside)
        console.warn(f"the folder of an earlier run was deleted, its databases were not: they are in {aside} now")


def unprivileged_account():
    """Return the account that PostgreSQL runs as when root starts it: it refuses root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StackError("PostgreSQL can't run as root, and there is neither a user postgres nor nobody.")


def find_binaries(paths, home):
    """Return the folder of the server programs and where they come from.

    A cluster that exists needs the version that made it.
    """
    made_by = home / "data" / "PG_VERSION"
    version = int(made_by.read_text()) if made_by.exists() else None
    for found, folder in installed():
        if version in (None, found):
            return folder, f"PostgreSQL {found} of this machine, data of our own"
    folder = (SHARED if not os.getuid() else paths.cache) / "postgresql"
    with locked(paths.cache / ".postgresql.lock"):
        return _unpacked(folder, version)


def installed():
    """Return (major version, folder) of the servers on this machine, the newest first."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.environ.get("PATH", "").split(os.pathsep))]
    found = {}
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            version = int(re.search(r"(\d+)", run([folder / "postgres", "--version"]))[1])
            found.setdefault(version, folder)
    return sorted(((version, folder) for version, folder in found.items() if version >= OLDEST), reverse=True)


def _unpacked(folder, version):
    """Return the programs of a Debian package in a folder of ours, downloading it at the first time."""
    binaries = folder / "bin"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _download(folder)
    found = int((folder / "complete").read_text())
    if version not in (None, found):
        raise StackError(f"The data are of PostgreSQL {version}, here is {found}. Install {version} or `make reset`.")
    return binaries, f"PostgreSQL {found} from the system's packages, unpacked and not installed, data of our own"


def _download(folder):
    if not debian.is_available():
        raise StackError("No PostgreSQL 15 or newer here. Install it, or set SAAS_PG_HOST to a server.")
    apt = debian.Apt(folder / "apt")
    apt.update()
    versions = [int(name.rpartition("-")[2]) for name in apt.names(r"postgresql-\d+")]
    if not versions or max(versions) < OLDEST:
        raise StackError("apt knows no PostgreSQL 15 or newer. Install one, or set SAAS_PG_HOST to a server.")
    debian.unpack(apt.fetch(apt.missing(f"postgresql-{max(versions)}")), folder / "root")
    shutil.rmtree(apt.folder)
    _write_wrappers(folder, max(versions))
    (folder / "complete").write_text(str(max(versions)))


def _write_wrappers(folder, version):
    """Write a small script per program that lets it find the libraries that were unpacked with it."""
    libraries = ":".join(str(path) for path in (folder / "root" / "usr" / "lib").glob("*-linux-*"))
    (folder / "bin").mkdir()
    for name in PROGRAMS:
        real = folder / "root" / "usr" / "lib" / "postgresql" / str(version) / "bin" / name
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexport LD_LIBRARY_PATH="{libraries}"\nexec "{real}" "$@"\n')
        script.chmod(0o755)


def _initialise(home, account, binaries, secrets):
    """Create the cluster; every connection needs a password, from this machine too."""
    password = home / "password"
    write_atomically(password, secrets.read("postgres"))
    if account:
        os.chown(password, account.pw_uid, account.pw_gid)
    command = [binaries / "initdb", "-D", home / "data", "--username=postgres", f"--pwfile={password}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
    try:
        user = (account.pw_uid, account.pw_gid) if account else None
        run(command, cwd=home, user=user, what="initdb")
        with open(home / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\ninclude 'saas.conf'\n")
    finally:
        password.unlink()
    console.note("new cluster: UTF-8, passwords by SCRAM, 127.0.0.1 only")


def _settings(home, port):
    """Settings for many small databases on one machine. Durability stays as PostgreSQL has it."""
    sockets = f"'{home}'" if len(os.fsencode(home)) < 80 else "''"
    return f"""\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = {sockets}
{_lines(settings())}
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'GMT'
timezone = 'GMT'
"""


def settings():
    """Return what the cluster is set to for many small databases: name -> value as PostgreSQL writes it."""
    return {
        **sizes.demo().postgres_settings(),
        "recovery_init_sync_method": "syncfs",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "max_locks_per_transaction": "256",  # one table for all databases: whoever fills it stops everybody
        "jit": "off",  # Odoo's queries are short: compiling them costs more than it saves
    }


def _lines(values):
    return "\n".join(f"{name} = {value}" for name, value in values.items())
