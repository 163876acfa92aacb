"""A container engine for the compose tests: the machine's own, or Docker from Debian's packages, unpacked and private.

The private one has no TCP socket, no bridge of its own, no firewall rule, and changes nothing on the machine. Its
containers reach each other; only builds reach the outside, over the machine's own network.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from stack import console, debian
from stack.checks.report import CheckSkipped
from stack.errors import StackError
from stack.locks import locked
from stack.processes import clean_environment, run

# The engine from a suite with Compose 2.26; what is linked to glibc from the machine's own suite.
SUITE = "trixie"
FROM_SUITE = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd")
FROM_MACHINE = ("runc", "tini", "mmdebstrap", "iptables", "libip4tc2", "libip6tc2", "libxtables12")
PROGRAMS = ("sbin/dockerd", "sbin/docker-proxy", "sbin/runc", "bin/containerd", "bin/containerd-shim-runc-v2")
PROGRAMS += ("bin/docker", "bin/mmdebstrap", "bin/mmtarfilter")
CGROUP = "saas-test-engine"
START_SECONDS, STOP_SECONDS = 30, 30
KEPT = ("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")


@dataclass(frozen=True)
class Engine:
    """An engine that answers.

    :param environment: variables by which `docker` finds it
    :param folder: where a private one lives; None for the machine's own
    """

    environment: dict
    folder: Path | None = None

    @property
    def variables(self):
        return clean_environment(**self.environment)

    def run(self, *command, timeout=None, cwd=None):
        """Run a command with this engine; return its exit code and its output."""
        result = subprocess.run(
            [str(part) for part in command],
            env=self.variables,
            cwd=cwd,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        return result.returncode, result.stdout

    def answers(self):
        return not self.run("docker", "info")[0]

    def stop(self):
        """End a private engine and what it left behind; the images stay for the next time."""
        if self.folder:
            _stop(self)


def start(context):
    """Return an Engine.

    :raise CheckSkipped: none can be had here; says why
    """
    own = {name: os.environ[name] for name in KEPT if name in os.environ}
    machine = Engine(own)
    if shutil.which("docker") and not machine.run("docker", "compose", "version")[0] and machine.answers():
        return machine
    if os.getuid() or not debian.is_available():
        raise CheckSkipped("NO CONTAINER ENGINE: no Docker with Compose answers, and a private one needs root and apt")
    folder = context.paths.cache / "container-engine"
    with locked(context.paths.cache / ".container-engine.lock"):
        try:
            _fetch(folder)
            return _start(folder)
        except StackError as error:
            raise CheckSkipped(f"NO CONTAINER ENGINE: a private one can't be had here: {error}") from error


def _fetch(folder):
    if (folder / "complete").exists():
        return
    shutil.rmtree(folder / "root", ignore_errors=True)
    files = []
    for name, source, packages in (
        ("suite", debian.source_line(SUITE), FROM_SUITE),
        ("machine", None, FROM_MACHINE),
    ):
        apt = debian.Apt(folder / f"apt-{name}", source)
        apt.update()
        files += apt.fetch(packages)
    debian.unpack(files, folder / "root")
    _make_runnable(folder)
    for name in ("suite", "machine"):
        shutil.rmtree(folder / f"apt-{name}")
    (folder / "complete").touch()
    console.note(f"a private container engine in {folder}, nothing installed")


def _make_runnable(folder):
    usr, programs, plugins = folder / "root" / "usr", folder / "bin", folder / "config" / "cli-plugins"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir()
    plugins.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        (programs / Path(program).name).symlink_to(usr / program)
    (programs / "docker-init").symlink_to(usr / "bin" / "tini-static")
    for plugin in ("docker-compose", "docker-buildx"):
        (plugins / plugin).unlink(missing_ok=True)
        (plugins / plugin).symlink_to(usr / "libexec" / "docker" / "cli-plugins" / plugin)
    # The engine calls iptables inside each container's own network even when it is told to leave the machine's alone.
    libraries = next(usr.glob("lib/*/libxtables.so.12")).parent
    for name in ("iptables", "ip6tables"):
        environment = f"LD_LIBRARY_PATH={libraries} XTABLES_LIBDIR={libraries}/xtables"
        (programs / name).write_text(f'#!/bin/sh\n{environment} exec {usr}/sbin/{name}-legacy "$@"\n')
        (programs / name).chmod(0o755)
    for name in ("config.json", "daemon.json"):
        (folder / "config" / name).write_text("{}\n")


def _start(folder):
    engine = Engine(
        {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "DOCKER_HOST": f"unix://{folder / 'docker.sock'}",
            "DOCKER_CONFIG": folder / "config",
        },
        folder,
    )
    if engine.answers():
        raise StackError(f"somebody else's run uses {folder} at this moment")
    with open(folder / "dockerd.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [str(part) for part in _command(folder)],
            env=engine.variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not engine.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            engine.stop()
            raise StackError(_reason(folder / "dockerd.log"))
        time.sleep(0.5)
    return engine


def _command(folder):
    command = [
        "dockerd",
        f"--config-file={folder / 'config' / 'daemon.json'}",
        f"--host=unix://{folder / 'docker.sock'}",
    ]
    command += [
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'dockerd.pid'}",
    ]
    command += ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
    command += ["--storage-driver=overlay2", "--exec-opt=native.cgroupdriver=cgroupfs", f"--cgroup-parent=/{CGROUP}"]
    return [folder / "bin" / "dockerd", *command[1:]]


def _reason(log):
    lines = [line for line in log.read_text(errors="replace").splitlines() if re.search("fatal|failed|error", line)]
    return lines[-1] if lines else f"it does not answer, see {log}"


def _stop(engine):
    pid = _pid(engine.folder)
    if not pid:
        return
    if engine.answers():
        _code, containers = engine.run("docker", "ps", "--all", "--quiet")
        if containers.split():
            engine.run("docker", "rm", "--force", "--volumes", *containers.split())
        engine.run("docker", "network", "prune", "--force")  # removes the bridges
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.25)
    _remove_cgroups()


def _pid(folder):
    """Return the private engine's process id, or None: the number in a file that was left may be anybody's by now."""
    file = folder / "dockerd.pid"
    pid = int(file.read_text()) if file.exists() else None
    name = Path(f"/proc/{pid}/comm")
    return pid if pid and name.exists() and name.read_text().strip() == "dockerd" else None


def _remove_cgroups():
    """The engine leaves empty groups behind; a group with somebody in it can't be removed."""
    for group in (*Path("/sys/fs/cgroup").glob(CGROUP), *Path("/sys/fs/cgroup").glob(f"*/{CGROUP}")):
        run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"], what="rmdir of empty cgroups")
