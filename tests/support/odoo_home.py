"""Where Odoo lies that the tests of the gateway start."""

import os
import re
from pathlib import Path

from . import postgres

ROOT = Path(__file__).parents[2]


def odoo_home():
    """Return the folder of odoo-bin: `ODOO_HOME`, or the checkout in the cache."""
    return Path(os.environ.get("ODOO_HOME") or postgres.CACHE / "odoo-18.0")


def series():
    """Return Odoo's series, "18.0" or "19.0"."""
    text = (odoo_home() / "odoo" / "release.py").read_text()
    return ".".join(re.search(r"^version_info = \((\d+), (\d+)", text, re.MULTILINE).groups())


def addons_path(home):
    """Return Odoo's addons and ours."""
    folders = [folder for folder in (home / "odoo" / "addons", home / "addons") if folder.is_dir()]
    return ",".join(map(str, [*folders, ROOT / "addons"]))
