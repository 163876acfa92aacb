"""The whole stack, as `make up` starts it: real services, a real browser, nothing replaced.

`SAAS_DEMO_JSON` names the `demo.json` of a running stack; without it the tests start one of their own in `.run-test`
and stop it at the end.
"""

import os
import subprocess
import uuid
from pathlib import Path

import pytest
from support.browser import find_chromium
from support.demo import Demo

ROOT = Path(__file__).parents[2]
RUN_DIR = ROOT / ".run-test"


@pytest.fixture(scope="session")
def demo():
    """The running stack."""
    given = os.environ.get("SAAS_DEMO_JSON")
    if given:
        yield Demo(given)
        return
    environment = {**os.environ, "SAAS_RUN_DIR": str(RUN_DIR)}
    subprocess.run(["make", "up"], cwd=ROOT, env=environment, check=True)
    try:
        yield Demo(RUN_DIR / "demo.json")
    finally:
        subprocess.run(["make", "down"], cwd=ROOT, env=environment, check=True)


@pytest.fixture
def subdomain():
    """A subdomain that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def instance(demo, subdomain):
    """An active instance."""
    return demo.provision(subdomain)


@pytest.fixture(scope="session")
def shared_instance(demo):
    """The subdomain of one active instance, for tests that change nothing about it."""
    name = f"s{uuid.uuid4().hex[:10]}"
    demo.provision(name)
    return name


@pytest.fixture(scope="session")
def browser():
    chromium = find_chromium()
    if not chromium:
        pytest.skip("no Chromium on this machine: the browser tests did not run")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desktop", "phone"])
def page(browser, request):
    """A page of its own profile, at desktop and at phone width. What the console complains about fails the test."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=width < 500)
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture
def screenshot(page, request):
    """A function that keeps a picture of the page, or of another tab, in `SAAS_SCREENSHOT_DIR`, if that is set."""
    folder = os.environ.get("SAAS_SCREENSHOT_DIR")

    def take(name, tab=None):
        if folder:
            width = page.viewport_size["width"]
            (tab or page).screenshot(path=Path(folder) / f"{name}-{width}.png")

    return take
