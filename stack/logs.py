"""Printing the processes' logs, each line with the name of its process in that process's colour."""

import re
import time

from stack import console

COLOURS = {
    "postgres": "blue",
    "manager": "green",
    "tenant": "cyan",
    "traefik": "magenta",
    "mail": "yellow",
    "runtimes": "cyan",
}
WIDTH = max(map(len, COLOURS))
# 2026-01-31 12:00:00,123 4711 INFO acme odoo.addons.base: text
ODOO_LINE = re.compile(r"\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d),\d+ \d+ (\w+) (\S+) ([\w.]+): (.*)", re.DOTALL)
LEVELS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*m")
SECONDS_BETWEEN_LOOKS = 0.3


class LogFile:
    """One log that is read as it grows, also past a rotation.

    :param last: how many of its last lines to begin with, or None for what comes from now on
    """

    def __init__(self, path, last=None):
        self.path, self.name = path, path.stem
        self.position, self.rest, self.inode = 0, "", None
        if path.exists():
            self.inode = path.stat().st_ino
            self.position = path.stat().st_size if last is None else _start_of_last(path, last)

    def new_lines(self):
        """Return the complete lines that came since the last call."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return []
        if status.st_ino != self.inode or status.st_size < self.position:
            self.inode, self.position, self.rest = status.st_ino, 0, ""
        with open(self.path, "rb") as file:
            file.seek(self.position)
            text = self.rest + file.read().decode(errors="replace")
            self.position = file.tell()
        *lines, self.rest = text.split("\n")
        return lines


def follow(paths, last=None, names=tuple(COLOURS), forever=True):
    """Print what the logs say, until interrupted.

    :param last: how many lines of each to begin with
    :param forever: False prints what is there and returns
    """
    files = [LogFile(paths.logs / f"{name}.log", last) for name in names]
    while True:
        for file in files:
            for line in file.new_lines():
                if line.strip():
                    console.say(readable(file.name, line))
        if not forever:
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)


def readable(name, line):
    """Return a log line for people: process, time, level and what it says."""
    line = TERMINAL_CODES.sub("", line)
    prefix = console.paint(f"{name:{WIDTH}} |", COLOURS.get(name, "grey"))
    match = ODOO_LINE.match(line)
    if not match:
        return f"{prefix} {line}"
    clock, level, database, logger, text = match.groups()
    database = "" if database == "?" else f"{database} "
    level = console.paint(level, LEVELS[level]) + " " if level in LEVELS else ""
    return f"{prefix} {console.paint(clock, 'grey')} {level}{database}{console.paint(logger, 'grey')} {text}"


def _start_of_last(path, count):
    """Return where the last lines of a file begin."""
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - count * 400)
        file.seek(start)
        lines = file.read().split(b"\n")
    return size - len(b"\n".join(lines[-count - 1 :]))
