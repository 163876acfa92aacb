"""What processes use: seconds of processors and memory, of a process with all its children, read from /proc."""

import contextlib
import time

import psutil

MIB = 2**20


def cpu_seconds(pid):
    """Return the seconds that a process, its children and those of them that have ended have used.

    A child that ended counts once its parent has waited for it, which PostgreSQL does at once.
    """
    total = 0.0
    for process in _tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


def share_of_a_core(pids, seconds):
    """Return what processes use of a core over a while, each with its children: a list of numbers from 0."""
    before, start = [cpu_seconds(pid) for pid in pids], time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - start
    return [(cpu_seconds(pid) - earlier) / took for pid, earlier in zip(pids, before, strict=True)]


def memory(pid):
    """Return the proportional memory (PSS) of a process and all its children, in MiB: shared pages count once."""
    total = 0
    for process in _tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / MIB


def workers(pid):
    """Return the processes of a service beside its parent, the workers first."""
    return psutil.Process(pid).children(recursive=True)


def _tree(pid):
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
