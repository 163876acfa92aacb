"""The programs that print reports run confined: they are found in our folder first (see `confined/wkhtmltopdf`)."""

import importlib.machinery
import importlib.util
import logging
import os
import shutil
from pathlib import Path

_logger = logging.getLogger(__name__)
FOLDER = Path(__file__).parent / "confined"
NAME = "wkhtmltopdf"


def install():
    """Put the confined programs in front of the real ones, as far as there are any."""
    if not shutil.which(NAME):
        return  # Odoo finds none, and says so
    if not _load().is_possible():
        _logger.warning(
            "Reports that tenants write can reach the ports of this machine: the kernel is older than 6.7, or Landlock"
            " is switched off. Let nothing listen there that trusts whoever connects."
        )
    os.environ["PATH"] = os.pathsep.join([str(FOLDER), os.environ.get("PATH", os.defpath)])


def _load():
    """Import the script, which has no ending that Python would know."""
    loader = importlib.machinery.SourceFileLoader("saas_gateway_confined", str(FOLDER / NAME))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
