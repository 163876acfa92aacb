"""What a tenant prints: its own pictures and styles are in it, nothing else of ours or of the machine is reached."""

import re
import shutil
import subprocess
import uuid

import pytest
from support import listening

PAGES = re.compile(rb"/Type /Page\b")
PICTURE = "/web/static/img/logo.png"
PAGE = '<t t-name="{name}"><t t-call="web.html_container"><div class="article">{body}</div></t></t>'
SHOW = '<img src="{url}"/>'
TRY_ALL = """
    <img src="{url}"/><iframe src="{url}"/>
    <script>var call = new XMLHttpRequest(); call.open("GET", "{url}", false);
        try {{ call.send(); document.write(call.responseText); }} catch (error) {{ }}</script>"""


@pytest.fixture
def closed_port():
    """Something of ours that answers whoever connects to it."""
    with listening.listen() as listener:
        yield listener


@pytest.fixture
def printing(acme):
    """Print a page that fetches one address in every way; return the PDF."""
    if not shutil.which("wkhtmltopdf", path=acme.stack.environment()["PATH"]):
        pytest.skip("NO WKHTMLTOPDF: `make demo` fetches one")
    acme.client.execute("ir.config_parameter", "set_param", "web.base.url", f"http://{acme.host}")
    return lambda url, body=TRY_ALL: _print(acme, body.format(url=url))


def _print(tenant, body):
    name = f"saas_test.page_{uuid.uuid4().hex}"
    view = {"name": name, "key": name, "type": "qweb", "arch": PAGE.format(name=name, body=body)}
    tenant.client.execute("ir.ui.view", "create", view)
    report = {"name": name, "model": "res.partner", "report_name": name, "report_type": "qweb-pdf"}
    tenant.client.execute("ir.actions.report", "create", report)
    tenant.client.login()
    answer = tenant.client.request(f"/report/pdf/{name}/1")
    assert (answer.status, answer.body[:5]) == (200, b"%PDF-"), answer.text[:2000]
    return answer.body


def test_positive_control(printing):
    """The tenant's own picture is in it."""
    without, with_it = (printing(url, SHOW).count(b"/Subtype /Image") for url in ("http://10.0.0.1/x.png", PICTURE))
    assert without < with_it


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::1]", "0.0.0.0", "10.0.0.1"])  # noqa: S104
def test_nothing_else_is_reached(printing, closed_port, scheme, host):
    printing(f"{scheme}://{host}:{closed_port.port}/x.png")
    assert closed_port.heard == []


def test_files_are_not_read(printing, tmp_path):
    """A long file would fill many pages."""
    secret = tmp_path / "secret.txt"
    secret.write_text("<p>secret</p>\n" * 1000)
    assert len(PAGES.findall(printing(f"file://{secret}"))) == 1


def test_the_program_itself_reaches_the_port_without_its_guard(acme, closed_port, tmp_path):
    """The attack is real: what is tried above works on the bare program."""
    program = shutil.which("wkhtmltopdf", path=acme.stack.environment()["PATH"])
    if not program:
        pytest.skip("NO WKHTMLTOPDF: `make demo` fetches one")
    page = tmp_path / "page.html"
    page.write_text(f'<img src="http://127.0.0.1:{closed_port.port}/x.png"/>')
    environment = {**acme.stack.environment(), "http_proxy": "http://127.0.0.1:9"}
    subprocess.run([program, "--quiet", page, tmp_path / "page.pdf"], env=environment, check=False, timeout=30)
    assert closed_port.heard
