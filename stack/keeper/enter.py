"""Become a dedicated runtime's service: as its own user, with a view of the files that it needs.

    python -I enter.py START.JSON

Root prepares, then lets go of all rights and becomes the command. What lies under a folder that is closed to others
(a home, a demo's run) and is needed is shown at its place in a view of the files of its own; the rest of that folder is
not there. Where the kernel does not allow such views, or root is somebody else, the process stays what its keeper is.
"""

import ctypes
import json
import os
import resource
import signal
import sys

NEW_NAMESPACE = 0x00020000
BIND, RECURSIVE, PRIVATE = 4096, 16384, 1 << 18
SET_DEATH_SIGNAL, SET_NO_NEW_PRIVILEGES = 1, 38
KEPT = ("SUPERVISOR_SERVER_URL", "SUPERVISOR_PROCESS_NAME")
PROCESSES = 512

libc = ctypes.CDLL(None, use_errno=True)


def main(path):
    with open(path, encoding="utf-8") as file:
        start = json.load(file)
    parent = os.getppid()
    if start["separate"]:
        show_only(start["shown"])
        become(start["uid"], start["gid"])
    # Set anew: the kernel forgets it when the user changes.
    libc.prctl(SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the keeper ended meanwhile")
    # Manager and runtime both work on the files, behind a folder that nobody else can enter.
    os.umask(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir(start["directory"])
    marks = {name: os.environ[name] for name in KEPT if name in os.environ}
    os.execve(start["command"][0], start["command"], {**start["environment"], **marks})


def become(uid, gid):
    """Let go of all that root can do."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))


def show_only(paths):
    """Show paths that lie in closed folders, and nothing else of those folders."""
    closed = {}
    for path in paths:
        folder = closed_folder(path)
        if folder:
            closed.setdefault(folder, []).append(path)
    if not closed:
        return
    _check(libc.unshare(NEW_NAMESPACE), "a view of the files of its own")
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    # Held before the folders above them are covered, and in the new view: what another one shows can't be taken over.
    held = {path: os.open(path, os.O_PATH) for paths in closed.values() for path in paths}
    for folder, wanted in closed.items():
        _mount("tmpfs", folder, "tmpfs", 0, "mode=0755,size=1m")
        for path in sorted(wanted):
            _show(path, held[path])


def closed_folder(path):
    """Return the topmost folder above a path that others can't enter; None if they all can be entered."""
    parts = os.path.abspath(path).split(os.sep)
    for end in range(2, len(parts)):
        folder = os.sep.join(parts[:end])
        if not os.stat(folder).st_mode & 0o001:
            return folder
    return None


def _show(path, descriptor):
    if os.path.isdir(f"/proc/self/fd/{descriptor}"):
        os.makedirs(path, mode=0o755, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(f"/proc/self/fd/{descriptor}", path, None, BIND | RECURSIVE)
    os.close(descriptor)


def _mount(source, target, kind, flags, options=None):
    arguments = [text.encode() if text else None for text in (source, target, kind)]
    _check(libc.mount(*arguments, ctypes.c_ulong(flags), options.encode() if options else None), target)


def _check(result, what):
    if result:
        error = ctypes.get_errno()
        sys.exit(f"{what} can't be had: {os.strerror(error)}")


def can_separate():
    """Tell whether this process may give others a user and a view of the files of their own. Tried in a child."""
    if os.geteuid():
        return False
    child = os.fork()
    if not child:
        os._exit(libc.unshare(NEW_NAMESPACE) != 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


if __name__ == "__main__":
    main(sys.argv[1])
