"""In which language the gateway's pages are: that of the browser, whatever the site is."""

import importlib
import json
import sys
import types
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[2] / "addons" / "saas_gateway"


@pytest.fixture(scope="module")
def pages():
    """The module of the pages, in a package without Odoo."""
    package = types.ModuleType("gateway_without_odoo")
    package.__path__ = [str(GATEWAY)]
    sys.modules[package.__name__] = package
    yield importlib.import_module("gateway_without_odoo.pages")
    for name in [name for name in sys.modules if name.startswith(package.__name__)]:
        del sys.modules[name]


def read(pages, page, accept_language=None, **environ):
    if accept_language is not None:
        environ["HTTP_ACCEPT_LANGUAGE"] = accept_language
    _status, headers, body = pages.render(page, environ)
    return dict(headers), body.decode()


@pytest.mark.parametrize("accepted", ["de", "de-AT,de;q=0.9,en;q=0.5", "fr, de;q=0.8, en;q=0.7"])
def test_who_reads_german_reads_german(pages, accepted):
    headers, text = read(pages, pages.SUSPENDED, accepted)
    assert '<html lang="de">' in text and "Diese Seite ist gesperrt" in text and "suspended" not in text
    assert headers["Content-Language"] == "de"
    assert "Accept-Language" in headers["Vary"]


@pytest.mark.parametrize("accepted", [None, "", "fr", "en-GB, de;q=0.9", "*", ";;q=x,\x00", "de;q=0"])
def test_everybody_else_reads_english(pages, accepted):
    headers, text = read(pages, pages.SUSPENDED, accepted)
    assert '<html lang="en">' in text and "This site is suspended" in text
    assert headers["Content-Language"] == "en"


def test_what_somebody_wrote_stays_as_it_is(pages):
    page = pages.SUSPENDED._replace(reason="Invoice <INV/1> is open")
    assert "Invoice &lt;INV/1&gt; is open" in read(pages, page, "de")[1]


def test_programs_read_it_too(pages):
    _headers, text = read(pages, pages.BUSY, "de", HTTP_ACCEPT="application/json")
    assert json.loads(text)["error"]["message"] == "Diese Seite ist beschäftigt"
