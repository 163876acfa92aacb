"""Connections whose end is certain: however slowly the other side sends, they are cut when their time is over."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def cut_after(sock, seconds):
    """Bound what is done with a connection inside of this.

    A socket's own timeout counts from byte to byte: a server that sends one a second would hold a worker for ever.

    :param socket.socket sock: connected; one with TLS as well
    :param float seconds: when it is cut
    :raise TimeoutError: its time was over
    """
    is_over = threading.Event()

    def cut():
        is_over.set()
        with contextlib.suppress(OSError):  # the other side was faster
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's, which takes TLS away from a reader

    sock.settimeout(seconds)
    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if is_over.is_set():
            raise TimeoutError(f"no complete answer within {seconds:.1f} s") from error
        raise
    finally:
        timer.cancel()
    if is_over.is_set():  # what was read may be half of it
        raise TimeoutError(f"no complete answer within {seconds:.1f} s")
