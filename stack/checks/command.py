"""Running the tools that check."""

import os
import re
import signal
import subprocess

from stack.checks.report import CheckFailed, Counts
from stack.processes import clean_environment

LAST_LINES = 60
PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")


def run(command, log, *, environment=None, cwd=None, text=None, timeout=None):
    """Run a command with its output in a log.

    :return: exit code and output
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w+", encoding="utf-8", errors="replace") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=environment or clean_environment(),
            cwd=cwd,
            stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            process.communicate(text, timeout=timeout)
        except subprocess.TimeoutExpired:
            _end_group(process, signal.SIGTERM)
            file.write(f"\nNot finished after {timeout} s.\n")
        except BaseException:
            _end_group(process, signal.SIGTERM)
            raise
        file.seek(0)
        return process.returncode, file.read()


def _end_group(process, number):
    """End a command of ours with its children, and by force after a while."""
    os.killpg(process.pid, number)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check(command, log, **options):
    """Run a tool that says by its exit code whether all is well.

    :raise CheckFailed: with the end of its output
    """
    code, output = run(command, log, **options)
    if code:
        raise CheckFailed(ending(output, log))
    return Counts(passed=1)


def pytest(python, arguments, log, environment, cwd, timeout=1800):
    """Run pytest and count its tests.

    :raise CheckFailed: with the end of its output; also when it found no test
    """
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", *arguments]
    code, output = run(command, log, environment=environment, cwd=cwd, timeout=timeout)
    counts = _count(output)
    if code:
        raise CheckFailed(ending(output, log), Counts(counts.passed, max(counts.failed, 1), counts.skipped))
    return counts


def _count(output):
    lines = output.strip().splitlines()
    found = {word: int(number) for number, word in PYTEST_COUNT.findall(lines[-1] if lines else "")}
    failed = found.get("failed", 0) + found.get("error", 0) + found.get("errors", 0)
    return Counts(found.get("passed", 0), failed, found.get("skipped", 0))


def ending(output, log):
    """Return the end of an output, and where all of it is."""
    lines = output.rstrip().splitlines()
    return "\n".join([f"all of it: {log}", *lines[-LAST_LINES:]])
