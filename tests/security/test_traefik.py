"""Traefik itself, with the files of an installation: who is let wait, what is sent along, which TLS is spoken."""

import contextlib
import http.client
import http.server
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest
from support import certificates
from support.proxy import program

from stack.production import proxy
from stack.production.installation import PORTS

# Addresses of this machine's own that nobody else listens on: the ports of an installation are fixed.
TRAEFIK, MANAGER, TENANT, FRONT = "127.61.0.1", "127.61.0.2", "127.61.0.3", "127.61.0.4"
CLIENT, COLLEAGUE = "127.61.1.1", "127.61.1.2"
HTTP, HTTPS = 18080, 18443
RATES = {"SAAS_LOGIN_RATE": "6", "SAAS_LOGIN_BURST": "5", "SAAS_RPC_RATE": "6", "SAAS_RPC_BURST": "8"}
PAGE = b"Too many tries. Please wait a minute."
SIGN_IN = (
    "/web/login",
    "/web/login/totp",
    "/de/web/login",
    "//web//login",
    "/web/%6Cogin",
    "/WEB/login",
    "/web/signup",
    "/web/reset_password",
    "/web/session/authenticate",
    "/xmlrpc/2/common",
    "/xmlrpc/common",
    "/saas/sign-in",
    "/saas/welcome/x/1/y",
    "/auth/passkey/start-auth",
)


class Handler(http.server.BaseHTTPRequestHandler):
    """A service that answers everything, and shows its server's name as Odoo does."""

    def do_GET(self):
        body = PAGE if self.path == "/saas/too-many-requests" else b"fine"
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "60")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def service(address, port):
    server = http.server.ThreadingHTTPServer((address, port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def run(tmp_path):
    """Run Traefik with the files that the environment asks for."""
    if program() is None:
        pytest.skip("NO TRAEFIK: `make demo` fetches one")

    @contextlib.contextmanager
    def running(**environ):
        folder = tmp_path / "traefik"
        folder.mkdir(exist_ok=True)
        asked = {
            "SAAS_BASE_DOMAIN": "example.test",
            "SAAS_TLS": "off",
            "SAAS_TRAEFIK_DIR": str(folder),
            "SAAS_BIND": TRAEFIK,
            "SAAS_PROXY_INTERFACE": TRAEFIK,
            "SAAS_HTTP_PORT": str(HTTP),
            "SAAS_HTTPS_PORT": str(HTTPS),
            "SAAS_MANAGER_SERVICE": MANAGER,
            "SAAS_TENANT_SERVICE": TENANT,
            **RATES,
        }
        proxy.write({**asked, **environ})
        with contextlib.ExitStack() as services:
            services.enter_context(service(MANAGER, PORTS["manager"]))
            services.enter_context(service(TENANT, PORTS["tenant"]))
            log = services.enter_context(open(tmp_path / "traefik.log", "ab"))
            command = [program(), f"--configfile={folder / 'traefik.yml'}"]
            process = subprocess.Popen(command, stdout=log, stderr=log)
            services.callback(process.wait)
            services.callback(process.kill)
            _wait(lambda: ask("GET", "/", port=8000).status == 200, tmp_path / "traefik.log")
            yield

    return running


def _wait(check, log):
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError):
            if check():
                break
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    assert "error" not in log.read_text().lower(), log.read_text()


def ask(method, path, host="acme.example.test", source=CLIENT, port=None, **headers):
    """Send a request from an address; return the answer with its body read."""
    connection = http.client.HTTPConnection(TRAEFIK, port or HTTP, timeout=10, source_address=(source, 0))
    try:
        body = "x=1" if method == "POST" else None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": host, **named})
        answer = connection.getresponse()
        answer.text = answer.read()
        return answer
    finally:
        connection.close()


def statuses(count, *request, **options):
    return [ask(*request, **options).status for _ in range(count)]


def test_who_tries_passwords_has_to_wait_and_nobody_else(run):
    with run():
        assert statuses(20, "POST", "/web/login") == [200] * 5 + [429] * 15
        page = ask("POST", "/web/login")
        assert (page.status, page.text, page.headers["Retry-After"]) == (429, PAGE, "60")
        # The same address elsewhere, another one there.
        assert statuses(3, "GET", "/web/login") == [200] * 3
        assert statuses(3, "POST", "/web/dataset/call_kw") == [200] * 3
        assert statuses(5, "POST", "/web/login", source=COLLEAGUE) == [200] * 5
        # All sites of the service count together, the manager for itself.
        assert ask("POST", "/web/login", host="beta.example.test").status == 429
        assert ask("POST", "/web/login", host="manager.example.test").status == 200


@pytest.mark.parametrize("path", SIGN_IN)
def test_every_way_in_counts_in_all_spellings(run, path):
    with run():
        assert statuses(7, "POST", path) == [200] * 5 + [429] * 2
        assert ask("POST", "/web/session/authenticate").status == 429


@pytest.mark.parametrize("path", ["/web/login_page", "/shop/saas-sign-in", "/my/web", "/blog/web-login", "/xmlrpcs"])
def test_what_only_resembles_it_does_not_count(run, path):
    with run():
        wanted = [200] * 5 + [429] * 2 if path == "/web/login_page" else [200] * 7
        assert statuses(7, "POST", path) == wanted  # the first is a way in for all that we know


@pytest.mark.parametrize("path", ["/jsonrpc", "/xmlrpc/2/object", "/xmlrpc/object", "/json/2/res.partner/search"])
def test_rpc_has_a_limit_of_its_own(run, path):
    with run():
        assert statuses(10, "POST", path) == [200] * 8 + [429] * 2
        assert ask("POST", "/web/login").status == 200


def test_the_managers_own_door_has_no_limit(run):
    with run():
        assert statuses(20, "POST", "/web/login", port=8000) == [200] * 20
        assert statuses(20, "POST", "/jsonrpc", port=8000) == [200] * 20


def test_somebody_waits_and_may_again(run):
    with run(SAAS_LOGIN_RATE="60", SAAS_LOGIN_BURST="2"):
        assert 429 in statuses(4, "POST", "/web/login")
        time.sleep(2.5)
        assert ask("POST", "/web/login").status == 200


def test_no_limit(run):
    with run(SAAS_LOGIN_RATE="0"):
        assert statuses(30, "POST", "/web/login") == [200] * 30


def test_a_forged_address_does_not_help(run):
    with run():
        for number in range(12):
            last = ask("POST", "/web/login", X_Forwarded_For=f"198.51.100.{number}", X_Real_Ip=f"198.51.100.{number}")
        assert last.status == 429


def test_behind_a_proxy_its_visitors_are_told_apart(run):
    with run(SAAS_TRUSTED_PROXIES=f"{FRONT}/32"):
        visitor = {"source": FRONT, "X_Forwarded_For": "198.51.100.1"}
        assert statuses(7, "POST", "/web/login", **visitor) == [200] * 5 + [429] * 2
        assert ask("POST", "/web/login", source=FRONT, X_Forwarded_For="198.51.100.2").status == 200
        # What the visitor claims stands to the left of what the proxy has seen.
        forged = {"source": FRONT, "X_Forwarded_For": "203.0.113.9, 198.51.100.1"}
        assert ask("POST", "/web/login", **forged).status == 429


def test_what_is_sent_along(run):
    with run():
        for host in ("acme.example.test", "manager.example.test"):
            for method, path in (("GET", "/"), ("POST", "/web/login"), ("POST", "/jsonrpc")):
                headers = ask(method, path, host=host).headers
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
                assert "camera=(self)" in headers["Permissions-Policy"]
                assert "Server" not in headers
                assert "Strict-Transport-Security" not in headers  # over TLS only
                assert headers["X-Frame-Options"] == (None if path == "/jsonrpc" else "SAMEORIGIN")
        assert "X-Frame-Options" not in ask("GET", "/slides/embed/7").headers


def believing():
    """Return a context that takes any certificate: it is not what is looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture
def encrypted(run, tmp_path):
    """Run Traefik with a certificate of one's own; give how to shake hands with it."""
    made = certificates.make(tmp_path, ["*.example.test"], 30)
    shutil.copy(made, tmp_path / "key.pem")

    def shake(name="acme.example.test", **settings):
        context = believing()
        context.set_ciphers(settings.pop("ciphers", "ALL:@SECLEVEL=0"))
        for setting, value in settings.items():
            setattr(context, setting, value)
        with socket.create_connection((TRAEFIK, HTTPS), timeout=10) as connection:
            with context.wrap_socket(connection, server_hostname=name) as wrapped:
                return wrapped.version(), wrapped.cipher()[0]

    environ = {"SAAS_TLS": "files", "SAAS_CERTIFICATES_DIR": str(tmp_path), "SAAS_ACME_EMAIL": "x@example.test"}
    with run(**environ):
        yield shake


OLD = {"minimum_version": ssl.TLSVersion.TLSv1, "maximum_version": ssl.TLSVersion.TLSv1_1}
TLS12 = {"maximum_version": ssl.TLSVersion.TLSv1_2}


@pytest.mark.filterwarnings("ignore:.*TLSv1:DeprecationWarning")
def test_old_protocols_are_refused(encrypted):
    assert encrypted()[0] == "TLSv1.3"
    assert encrypted(**TLS12)[0] == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
        encrypted(**OLD)


def test_weak_ciphers_are_refused(encrypted):
    assert encrypted(ciphers="ECDHE-ECDSA-AES128-GCM-SHA256", **TLS12)[1] == "ECDHE-ECDSA-AES128-GCM-SHA256"
    for weak in ("ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "AES128-SHA:@SECLEVEL=0"):
        with pytest.raises(ssl.SSLError, match="(?i)handshake.failure"):
            encrypted(ciphers=weak, **TLS12)


def test_a_name_without_a_certificate_gets_no_connection(encrypted):
    with pytest.raises(ssl.SSLError):
        encrypted(name="shop.elsewhere.test")
    assert encrypted(name="manager.example.test")


def test_over_tls_browsers_learn_to_stay_there(encrypted):
    connection = http.client.HTTPSConnection(TRAEFIK, HTTPS, timeout=10)
    connection.sock = believing().wrap_socket(
        socket.create_connection((TRAEFIK, HTTPS), timeout=10), server_hostname="acme.example.test"
    )
    connection.request("GET", "/", headers={"Host": "acme.example.test"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
    connection.close()
