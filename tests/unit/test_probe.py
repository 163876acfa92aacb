"""One look at a real HTTP server and at real certificates: answers, silence, drips, detours."""

import contextlib
import http.server
import threading
import time

import pytest
from saas_engine import probe
from support import certificates
from support.postgres import free_port

FORM = b'<form><input name="login"/><input name="password"/></form>'
HOST = "acme.example.com"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.headers["Host"], self.path))
        status, body, *headers = self.server.answers[self.path]
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        for piece in body:
            with contextlib.suppress(OSError):
                self.wfile.write(piece)
                self.wfile.flush()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {"/web/login": (200, [FORM])}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def drip(seconds, piece=b"x"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.05)
        yield piece


class TestPage:
    def look(self, service, seconds=5):
        return probe.look_at_page(service.url, f"{HOST}:8080", seconds)

    def test_fine(self, service):
        found = self.look(service)
        assert found["page"] == ""
        assert 0 < found["seconds"] < 5
        assert service.asked == [(f"{HOST}:8080", "/web/login")]

    @pytest.mark.parametrize("status", [404, 500, 502, 503])
    def test_an_error(self, service, status):
        service.answers["/web/login"] = (status, [b"oh"])
        found = self.look(service)
        assert (found["page"], found["page_detail"]) == ("page_status", f"HTTP {status}")

    def test_another_page(self, service):
        service.answers["/web/login"] = (200, [b"<html>under construction</html>"])
        assert self.look(service)["page"] == "page_form"

    def test_detours_within_the_site(self, service):
        service.answers |= {
            "/web/login": (303, [], ("Location", "/de/web/login?next=1#top")),
            "/de/web/login?next=1": (303, [], ("Location", f"http://{HOST}:8080/web/end")),
            "/web/end": (200, [FORM]),
        }
        assert self.look(service)["page"] == ""
        service.answers["/web/end"] = (500, [])
        assert self.look(service)["page"] == "page_status"

    def test_a_detour_that_leads_away_is_an_answer(self, service):
        service.answers["/web/login"] = (302, [], ("Location", "https://login.acme.example/"))
        assert self.look(service)["page"] == ""
        assert len(service.asked) == 1

    def test_a_detour_without_an_end(self, service):
        service.answers["/web/login"] = (302, [], ("Location", "/web/login"))
        assert self.look(service)["page"] == ""
        assert len(service.asked) == 1 + probe.MAX_REDIRECTS

    def test_silence(self, service):
        service.answers["/web/login"] = (200, drip(2, b""))
        started = time.monotonic()
        assert self.look(service, 0.3)["page"] == "page_timeout"
        assert time.monotonic() - started < 1.5

    def test_a_byte_now_and_then(self, service):
        service.answers["/web/login"] = (200, drip(3))
        started = time.monotonic()
        assert self.look(service, 0.4)["page"] == "page_timeout"
        assert time.monotonic() - started < 1.5

    def test_a_page_without_end(self, service):
        service.answers["/web/login"] = (200, [FORM, *[b"x" * 100_000] * 50])
        assert self.look(service)["page"] == ""

    def test_nobody_listens(self):
        found = probe.look_at_page(f"http://127.0.0.1:{free_port()}", HOST, 1)
        assert found["page"] == "page_unreachable"
        assert "Refused" in found["page_detail"]
        assert "seconds" not in found

    def test_somebody_who_speaks_something_else(self):
        with certificates.listening() as (listener, address):

            def greet():
                connection = listener.accept()[0]
                with connection:
                    connection.sendall(b"220 mail.example.com ready\r\n")

            thread = threading.Thread(target=greet)
            thread.start()
            found = probe.look_at_page("http://{}:{}".format(*address), HOST, 1)
            thread.join()
        assert found["page"] == "page_unreachable"


class TestCertificate:
    def look(self, tmp_path, names=(HOST,), days=30.0, host=HOST):
        with certificates.shown(certificates.make(tmp_path, names, days)) as (address, self.asked):
            return probe.look_at_certificate(address, host)

    def test_nothing_to_look_at(self):
        assert probe.look_at_certificate(None, HOST) == {}

    def test_good(self, tmp_path):
        found = self.look(tmp_path, host=f"{HOST}:8443")
        assert self.asked == [HOST], "the name is told in the handshake"
        assert 29.9 < found["certificate_days"] < 30
        assert found["certificate_until"].utcoffset().total_seconds() == 0
        assert "certificate" not in found

    def test_past(self, tmp_path):
        assert -2 < self.look(tmp_path, days=-1)["certificate_days"] < 0

    @pytest.mark.parametrize(
        ("names", "is_covered"),
        [
            (["*.example.com"], True),
            (["other.example.com", "ACME.example.com"], True),
            (["*.com"], False),
            (["example.com"], False),
            (["other.example.com"], False),
            ([], False),
        ],
    )
    def test_whose_it_is(self, tmp_path, names, is_covered):
        found = self.look(tmp_path, names)
        assert found.get("certificate", "") == ("" if is_covered else "certificate_name")
        assert found["certificate_days"] > 0

    def test_nobody_listens(self):
        found = probe.look_at_certificate(("127.0.0.1", free_port()), HOST)
        assert found["certificate"] == "tls_unreachable"

    def test_somebody_who_says_nothing(self, monkeypatch):
        monkeypatch.setattr(probe, "HANDSHAKE_SECONDS", 0.2)
        with certificates.listening() as (_listener, address):
            started = time.monotonic()
            found = probe.look_at_certificate(address, HOST)
        assert found["certificate"] == "tls_unreachable"
        assert time.monotonic() - started < 1.5
