"""What people see: a line per step with its time, notes below it, and questions."""

import os
import sys
import threading
import time
from contextlib import contextmanager

COLOURS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "grey": 90, "bold": 1}
_lock = threading.Lock()


def paint(text, colour):
    """Return the text in a colour, or as it is where colours are not wanted (NO_COLOR, a file, a pipe)."""
    wanted = os.environ.get("FORCE_COLOR") or (sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if wanted else text


def say(text=""):
    """Print one line at once, also when other threads print."""
    with _lock:
        print(text, flush=True)  # noqa: T201 - the one place that does


def note(text):
    """Print a remark that belongs to the step that is running."""
    say(paint(f"    {text}", "grey"))


def warn(text):
    say(paint(f"  ! {text}", "yellow"))


class Step:
    """A step that is running; `result` is what its closing line says."""

    def __init__(self, title):
        self.title = title
        self.result = ""


@contextmanager
def step(title):
    """Announce a step, and say how long it took when it ends."""
    say(f"  {paint('·', 'cyan')} {title} …")
    current, began = Step(title), time.monotonic()
    try:
        yield current
    except BaseException:
        say(f"  {paint('✗', 'red')} {title} {paint(seconds(began), 'grey')}")
        raise
    result = f": {current.result}" if current.result else ""
    say(f"  {paint('✓', 'green')} {title}{result} {paint(seconds(began), 'grey')}")


def seconds(began):
    """Return the time since `began` (time.monotonic) in words."""
    passed = time.monotonic() - began
    return f"({passed:.1f} s)" if passed < 60 else f"({int(passed // 60)} min {int(passed % 60)} s)"


def megabytes(size):
    return f"{size / 1_000_000:.0f} MB" if size >= 1_000_000 else f"{size / 1000:.0f} kB"


def confirm(question):
    """Ask for a yes. Where nobody can answer, the answer is no."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
