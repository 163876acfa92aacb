"""Stands in for a tenant service: a login page at every host that the directory has an active tenant for."""

import contextlib
import http.server
import threading

from saas_engine.directory import Directory

PAGE = b'<form><input name="login"/><input name="password"/></form><script src="/web/assets/1/a.js"></script>'


class Service(http.server.ThreadingHTTPServer):
    """Serves the tenants of a cluster's directory.

    :ivar broken: paths that answer 404 all the same
    :ivar on_login: called with the entry that is looked at
    """

    def __init__(self, cluster):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.directory, self.broken = Directory(cluster), set()
        self.on_login = lambda entry: None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers["Host"].partition(":")[0]
        [entry] = [entry for entry in self.server.directory.entries() if host in entry.hosts] or [None]
        found = entry is not None and entry.state == "active" and self.path not in self.server.broken
        if found and self.path == "/web/login":
            self.server.on_login(entry)
        self.send_response(200 if found else 404)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # whoever asked did not wait
            self.wfile.write(PAGE if found else b"")

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def service(cluster):
    """Give a running `Service`."""
    running = Service(cluster)
    thread = threading.Thread(target=running.serve_forever, args=[0.02])
    thread.start()
    try:
        yield running
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
