"""One builder at a time: two starts that fill the same cache wait for each other."""

import fcntl
from contextlib import contextmanager

from stack import console


@contextmanager
def locked(path):
    """Hold a file's lock; says so when another process has it first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.note(f"another process works in {path.parent}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
