"""Who tries passwords through the public door is let wait, and nobody else is."""

import http.client
import json
import re
from urllib.parse import urlencode, urlsplit

import pytest
from support.demo import Odoo

STRANGER = "127.0.0.77"  # another address of this machine: what it uses up is nobody else's
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def burst(demo):
    """How many tries at once the running demo lets through."""
    routes = (demo.run_dir / "traefik" / "routes" / "shared.yml").read_text()
    return json.loads(re.search(r"^    shared-sign-in: (.+)$", routes, re.MULTILINE)[1])["rateLimit"]["burst"]


def tries(demo, host, path, count, source):
    """Send wrong passwords from an address until one is let wait; return the statuses that were seen, and the page."""
    address = ("127.0.0.1", urlsplit(demo.manager.door).port)
    seen, body = set(), urlencode({"login": "nobody", "password": "wrong"})
    connection = http.client.HTTPConnection(*address, timeout=60, source_address=(source, 0))
    for _ in range(count):
        connection.request("POST", path, body, {"Host": host, "Accept": "text/html", **FORM})
        answer = connection.getresponse()
        text = answer.read().decode()
        seen.add(answer.status)
        if answer.status == 429:
            break
    connection.close()
    return seen, text, answer.headers


@pytest.mark.parametrize("at", ["manager", "tenant"])
def test_wrong_passwords_have_to_wait(demo, shared_instance, burst, at):
    site = demo.manager if at == "manager" else demo.tenant(shared_instance)
    seen, text, headers = tries(demo, site.host, "/web/login", burst * 3, STRANGER)
    # Without the form's token Odoo refuses each at once; to Traefik they are tries all the same.
    assert seen == {400, 429}
    assert "Too many tries" in text and headers["Retry-After"] == "60"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    # The same address reads pages, another one signs in.
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(site.door).port, source_address=(STRANGER, 0))
    connection.request("GET", "/web/login", headers={"Host": site.host})
    assert connection.getresponse().status == 200
    connection.close()
    assert tries(demo, site.host, "/web/login", 1, "127.0.0.78")[0] == {400}
    me = Odoo(demo.manager.url, "manager")
    assert me.session_info(demo.manager.login, demo.manager.password)["uid"]
