"""Requests as no browser sends them: written byte by byte."""

import contextlib
import re
import socket


class Answer:
    """Status and text of what came back; 0 and nothing if the connection was closed without a word."""

    def __init__(self, raw):
        found = re.match(rb"HTTP/1\.[01] (\d{3})", raw)
        self.status = int(found[1]) if found else 0
        head, _blank, body = raw.partition(b"\r\n\r\n")
        self.head, self.text = head.decode("latin-1"), body.decode("utf-8", "replace")


def send(port, lines, body=b""):
    """Send the lines of a request's head on a connection of its own, and return the `Answer`.

    :param lines: str or bytes each, without the line's end
    """
    head = b"\r\n".join(line.encode() if isinstance(line, str) else line for line in (*lines, "Connection: close"))
    received = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):  # refused while we are still sending
            connection.sendall(head + b"\r\n\r\n" + body)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                received.append(part)
    return Answer(b"".join(received))
