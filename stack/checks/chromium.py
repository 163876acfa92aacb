"""The browser of the tests: the machine's Chromium, installed where root may."""

import os
import shutil

from stack import console
from stack.checks.command import run
from stack.processes import clean_environment

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def ensure(context):
    """Install Chromium where there is none and this is root.

    :return: None, or why the browser tests will be skipped
    """
    if any(map(shutil.which, NAMES)):
        return None
    if os.getuid() or not shutil.which("apt-get"):
        return "NO BROWSER: the browser tests are skipped. Install Chromium to run them."
    environment = clean_environment(DEBIAN_FRONTEND="noninteractive")
    log = context.log("chromium")
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        code, _output = run(["apt-get", *command], log, environment=environment)
    if code:
        return f"NO BROWSER: apt can't install chromium (see {log}), the browser tests are skipped."
    console.note("installed Chromium")
    return None
