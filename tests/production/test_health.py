"""Whether a service answers, and how long somebody waits for it."""

import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from stack.ports import next_free
from stack.production import health


@pytest.fixture
def serve():
    """Start a server that answers with a status; return its port."""
    servers = []

    def run(status):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def closed_port():
    return next_free(18300, {"127.0.0.1"}, set())


@pytest.mark.parametrize(("status", "code"), [(200, 0), (404, 0), (500, 1), (503, 1)])
def test_any_answer_below_500_will_do(serve, status, code):
    assert health.main(serve(status)) == code


def test_it_waits_as_long_as_it_was_told(closed_port):
    begin = time.monotonic()
    assert health.main(closed_port, "0.6") == 1
    assert time.monotonic() - begin >= 0.5


def test_nobody_waits_for_a_service_that_has_ended(closed_port, monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    monkeypatch.setenv("MAINPID", str(ended.pid))
    begin = time.monotonic()
    assert health.main(closed_port, "60") == 1
    assert time.monotonic() - begin < 10
