"""The statements of a dump in SQL, as `pg_dump` writes it, one after the other.

psql is not asked to read what a customer has written: it has commands of its own (`\\!`, `\\copy`, `\\i`), which run on
the machine that it runs on. The server knows none of them. A script that fools this reader is one that the server
refuses; what it accepts, the tenant's role may do anyway.
"""

import re

from .errors import RestoreError

MAX_STATEMENT = 64 * 1024 * 1024
TOO_LONG = "The dump has a statement of more than 64 MB."
# What ends or begins something, in SQL that is no string, name or comment.
TOKEN = re.compile(
    rb"--[^\n]*|(?P<comment>/\*)|(?P<escaped>\b[eE]')|(?P<text>')|(?P<name>\")|(?P<dollar>\$(?:[A-Za-z_\x80-\xff]"
    rb"[\w\x80-\xff]*)?\$)|(?P<open>\()|(?P<close>\))|(?P<end>;)|(?P<command>\\)"
)
ENDS = {
    "text": re.compile(rb"'"),  # two of them end one and begin the next: the same to us
    "escaped": re.compile(rb"(?:[^'\\]|\\.|'')*+'", re.DOTALL),
    "name": re.compile(rb'"'),
}
NESTED = re.compile(rb"/\*|\*/")
CHUNK = 8192
COPY = re.compile(rb"COPY\s.+\sFROM\s+stdin\s*(WITH\s*\([^;]*\)\s*)?;$", re.IGNORECASE | re.DOTALL)
END_OF_DATA = (b"\\.\n", b"\\.\r\n", b"\\.")
# What newer pg_dump puts around its scripts to have psql refuse what is refused here.
RESTRICT = re.compile(rb"\\(un)?restrict [A-Za-z0-9]+\s*$")


def statements(file):
    """Read a script.

    :param file: opened for bytes
    :return: yields (statement, data): bytes, and None or the lines that follow a `COPY … FROM stdin`, which are to be
        read before the next statement is asked for
    :raise RestoreError: a command of psql's, a statement without an end, or one too long
    """
    reader = _Reader()
    for number, line in enumerate(iter(lambda: file.readline(MAX_STATEMENT + 1), b""), 1):
        if len(line) > MAX_STATEMENT:
            raise RestoreError(TOO_LONG)
        if reader.is_between and RESTRICT.match(line):
            continue
        for statement in reader.read(line, number):
            if statement == b";":
                continue
            data = CopyData(file) if COPY.match(statement) else None
            yield statement, data
            if data is not None:
                data.skip()
    if not reader.is_between:
        raise RestoreError("The dump ends in the middle of a statement.")


class CopyData:
    """What follows a `COPY … FROM stdin`, as a file that ends before the line of a backslash and a dot."""

    def __init__(self, file):
        self._file, self._is_over, self._begins = file, False, True

    def read(self, size=CHUNK):
        """Return about so many bytes, nothing at the end."""
        parts = []
        while size > 0 and (part := self._read_part()):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self):
        """Read to the end, if the server has not."""
        while self._read_part():
            pass

    def _read_part(self):
        """Return the next line, or a part of a long one."""
        part = b"" if self._is_over else self._file.readline(CHUNK)
        if not part or (self._begins and part in END_OF_DATA):
            self._is_over = True
            return b""
        self._begins = part.endswith(b"\n")
        return part


class _Reader:
    """Puts lines together to statements, without their comments."""

    def __init__(self):
        self._parts, self._size = [], 0
        self._inside, self._end = None, None  # what we are in the middle of, and what ends it
        self._depth = 0  # of parentheses, or of comments within one

    @property
    def is_between(self):
        """Whether no statement has begun."""
        return not self._parts and self._inside is None

    def read(self, line, number):
        """Take the next line; yield the statements that end in it."""
        position = 0
        while position < len(line):
            if self._inside == "comment":
                position = self._leave_comment(line, position)
            elif self._inside:
                position = self._leave(line, position)
            else:
                position, is_end = self._enter(line, position, number)
                if is_end:
                    yield self._take()

    def _enter(self, line, start, number):
        """Go on to the next token; return where it ends, and whether a statement does."""
        found = TOKEN.search(line, start)
        if not found:
            self._keep(line[start:])
            return len(line), False
        self._keep(line[start : found.start()])
        kind = found.lastgroup
        if kind == "command":
            raise RestoreError(f"Line {number} of the dump has a command of psql's, which is no SQL.")
        if kind is None:  # a comment to the line's end
            return found.end(), False
        if kind == "comment":
            self._inside, self._nested = kind, 1
            return found.end(), False
        self._keep(found[0], always=True)
        if kind in ("open", "close"):
            self._depth += 1 if kind == "open" else -1
        elif kind == "dollar":
            self._inside, self._end = kind, re.compile(re.escape(found[0]))
        elif kind in ENDS:
            self._inside, self._end = kind, ENDS[kind]
        return found.end(), kind == "end" and self._depth <= 0

    def _leave(self, line, start):
        found = self._end.match(line, start) if self._inside == "escaped" else self._end.search(line, start)
        end = found.end() if found else len(line)
        self._keep(line[start:end], always=True)
        if found:
            self._inside = None
        return end

    def _leave_comment(self, line, start):
        found = NESTED.search(line, start)
        if not found:
            return len(line)
        self._nested += 1 if found[0] == b"/*" else -1
        if not self._nested:
            self._inside = None
        return found.end()

    def _keep(self, text, always=False):
        if not self._parts and not always:
            text = text.lstrip()
        if text:
            self._parts.append(text)
            self._size += len(text)
            if self._size > MAX_STATEMENT:
                raise RestoreError(TOO_LONG)

    def _take(self):
        statement = b"".join(self._parts).strip()
        self._parts, self._size, self._depth = [], 0, 0
        return statement
