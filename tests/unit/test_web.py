"""Looking at a login page: the tenant's host, patience, and what is not one."""

import http.server
import threading

import pytest
from saas_engine import web
from saas_engine.errors import RetryableError
from support.postgres import free_port

FORM = b'<form><input name="login"/><input name="password"/><script src="/web/assets/1/a.min.js"></script></form>'


class Handler(http.server.BaseHTTPRequestHandler):
    answers: dict = {}
    hosts: list = []

    def do_GET(self):
        self.hosts.append(self.headers["Host"])
        status, body = self.answers.get(self.path, [(404, b"")])[0]
        if len(self.answers.get(self.path, [])) > 1:
            self.answers[self.path].pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def service():
    Handler.answers, Handler.hosts = {}, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_there_after_a_while(service):
    Handler.answers["/web/login"] = [(404, b""), (503, b""), (200, b"starting"), (200, FORM)]
    assert "form" in web.wait_for_login_page(service, "acme.localhost:8080", 5)
    assert set(Handler.hosts) == {"acme.localhost:8080"}


@pytest.mark.parametrize(
    ("answer", "seen"),
    [((404, b""), "HTTP 404"), ((200, b"<html/>"), "HTTP 200 without a login form"), ((303, b""), "HTTP 303")],
)
def test_not_there(service, answer, seen):
    Handler.answers["/web/login"] = [answer]
    with pytest.raises(RetryableError, match=f"acme.localhost.*{seen}"):
        web.wait_for_login_page(service, "acme.localhost", 0.2)


def test_nobody_listens():
    with pytest.raises(RetryableError, match="ConnectionError"):
        web.wait_for_login_page(f"http://127.0.0.1:{free_port()}", "acme.localhost", 0.2)


def test_assets(service):
    Handler.answers["/web/assets/1/a.min.js"] = [(200, b"")]
    html = FORM.decode() + '<link href="/web/assets/2/b.css"/>'
    assert web.missing_assets(service, "acme.localhost", html) == ["/web/assets/2/b.css (HTTP 404)"]
