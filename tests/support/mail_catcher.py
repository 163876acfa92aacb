"""A mail server that keeps what it is given: envelope and message."""

import contextlib
import email
import email.policy
import socketserver
import threading
from typing import NamedTuple


class Mail(NamedTuple):
    """One mail: the sender on the envelope, its recipients, the message."""

    envelope: str
    recipients: tuple
    message: email.message.EmailMessage


class Catcher(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Session)
        self._mails = []

    @property
    def port(self):
        return self.server_address[1]

    def add(self, mail):
        self._mails.append(mail)

    def messages(self):
        """Return the mails that have arrived, in their order."""
        return list(self._mails)

    def clear(self):
        """Forget them."""
        self._mails.clear()


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 caught")
        sender, recipients = "", []
        while line := self.rfile.readline().decode().strip():
            command = line[:4].upper()
            if command == "MAIL":
                sender, recipients = _address(line), []
            elif command == "RCPT":
                recipients.append(_address(line))
            elif command == "DATA":
                self._say("354 go on")
                self.server.add(Mail(sender, tuple(recipients), self._read_message()))
            elif command == "QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _read_message(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    def _say(self, line):
        self.wfile.write(f"{line}\r\n".encode())


def _address(line):
    return line.partition("<")[2].partition(">")[0]


@contextlib.contextmanager
def run():
    """Give a running `Catcher`."""
    with Catcher() as catcher:
        threading.Thread(target=catcher.serve_forever, args=[0.05], daemon=True).start()
        yield catcher
        catcher.shutdown()
