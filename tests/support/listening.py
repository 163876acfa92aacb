"""A port of this machine that notes who connects: the witness of connections that should not be opened."""

import contextlib
import socket
import threading


class Listener:
    """Accepts every connection, keeps how it begins, answers what it was told to (nothing, at first) and closes."""

    def __init__(self, sock):
        self.port, self._socket = sock.getsockname()[1], sock
        self.heard, self.answer = [], b""  # the first bytes of every connection; what it is told
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return  # closed
            with connection:
                connection.settimeout(0.5)
                with contextlib.suppress(OSError):
                    self.heard.append(connection.recv(200))
                    connection.sendall(self.answer)
                    continue
                self.heard.append(b"")


@contextlib.contextmanager
def listen():
    """Listen on a free port of loopback until the block ends; give the `Listener`."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield Listener(sock)
        sock.shutdown(socket.SHUT_RDWR)
