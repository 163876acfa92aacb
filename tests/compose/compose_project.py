"""Running `docker compose` on the repository's own file, and talking to what it started as a browser does."""

import datetime
import ipaddress
import json
import os
import subprocess
import time

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "saas-compose-test"
IMAGE = "saas-manager:test"
BASE_DOMAIN = "compose.test"
MANAGER = f"manager.{BASE_DOMAIN}"
HTTP_SECONDS = 60


class Project:
    """The project under test.

    :param root: the checkout
    :param folder: for secrets, settings and certificates of this run
    :param offline: whether the build takes folders in place of the internet
    """

    def __init__(self, root, folder, offline):
        self.root, self.folder = root, folder
        self.files = ["docker-compose.yml", "tests/compose/compose.test.yml"]
        self.files += ["tests/compose/compose.offline.yml"] if offline else []
        self.http_port = self.https_port = None
        self.was_up = False

    def write_settings(self, ports):
        """Write the `.env` of this run."""
        self.http_port, self.https_port = ports
        settings = {
            "SAAS_BASE_DOMAIN": BASE_DOMAIN,
            "SAAS_IMAGE": IMAGE,
            "SAAS_BIND": "127.0.0.1",
            "SAAS_HTTP_PORT": self.http_port,
            "SAAS_HTTPS_PORT": self.https_port,
            "SAAS_PUBLIC_PORT": self.https_port,
            "SAAS_TLS": "files",
            "SAAS_CERTIFICATES": self.folder / "certificates",
            "SAAS_MANAGER_WORKERS": 4,
            "SAAS_TENANT_WORKERS": 2,
            "SAAS_PG_SHARED_BUFFERS": "128MB",
        }
        lines = [f"{name}={value}" for name, value in settings.items()]
        (self.folder / "env").write_text("\n".join(lines) + "\n")

    # -- Compose

    def compose(self, *arguments, seconds=120, check=True):
        """Run `docker compose` with arguments; return its output."""
        command = ["docker", "compose", f"--project-name={NAME}", f"--env-file={self.folder / 'env'}"]
        for file in self.files:
            command.append(f"--file={file}")
        environment = {**os.environ, "SAAS_COMPOSE_SECRETS": str(self.folder / "secrets"), "COMPOSE_BAKE": "false"}
        result = self._run([*command, *arguments], seconds, environment)
        assert not check or result.returncode == 0, f"{arguments}: {result.stdout[-6000:]}"
        self.was_up |= arguments[0] == "up"
        return result.stdout

    def docker(self, *arguments, seconds=60, check=True):
        result = self._run(["docker", *arguments], seconds, os.environ)
        assert not check or result.returncode == 0, f"{arguments}: {result.stdout[-3000:]}"
        return result

    def _run(self, command, seconds, environment):
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )

    def logs(self):
        return self.compose("ps", "--all", check=False) + self.compose("logs", "--no-color", "--tail=60", check=False)

    def containers(self):
        """Return what the engine knows of each container, by the name of its service."""
        ids = self.compose("ps", "--all", "--quiet").split()
        details = json.loads(self.docker("inspect", *ids).stdout)
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in details}

    def secret(self, name):
        return (self.folder / "secrets" / name).read_text()

    # -- HTTP

    def get(self, host, path, secure=True):
        """Fetch a page at a host as a browser does; a certificate that does not fit is an error."""
        headers = {"Host": host}
        if not secure:
            pool = urllib3.HTTPConnectionPool("127.0.0.1", self.http_port, timeout=HTTP_SECONDS, retries=False)
        else:
            pool = self._secure_pool(host)
        return pool.request("GET", path, headers=headers, redirect=False)

    def _secure_pool(self, host):
        return urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            self.https_port,
            timeout=HTTP_SECONDS,
            retries=False,
            server_hostname=host,
            assert_hostname=host,
            ca_certs=str(self.folder / "certificates" / "certificate.pem"),
        )

    def rpc(self, service, method, *arguments):
        """Call the manager by JSON-RPC."""
        payload = {"jsonrpc": "2.0", "params": {"service": service, "method": method, "args": arguments}}
        headers = {"Host": MANAGER, "Content-Type": "application/json"}
        answer = self._secure_pool(MANAGER).request("POST", "/jsonrpc", body=json.dumps(payload), headers=headers)
        body = json.loads(answer.data)
        assert "error" not in body, body["error"]["data"]["message"]
        return body["result"]

    def call(self, model, method, *arguments, **keywords):
        """Call a method as the manager's administrator."""
        password = self.secret("administrator")
        uid = self.rpc("common", "authenticate", "manager", "admin", password, {})
        assert uid, "the administrator can't sign in"
        return self.rpc("object", "execute_kw", "manager", uid, password, model, method, arguments, keywords)

    def wait_for(self, model, record, field, unwanted, seconds):
        """Wait until a field has none of the unwanted values any more; return its value."""
        end = time.monotonic() + seconds
        while (value := self.call(model, "read", [record], [field])[0][field]) in unwanted:
            assert time.monotonic() < end, f"{model}.{field} is still {value} after {seconds} s"
            time.sleep(1)
        return value


def self_signed_certificate(folder, domain):
    """Write certificate.pem and key.pem for a domain and all names below it."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(domain), x509.DNSName(f"*.{domain}"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "key.pem").chmod(0o444)
