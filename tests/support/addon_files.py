"""Modules of an addon that need no Odoo, imported without their package, which does."""

import importlib
import sys
import types

from .odoo_home import ROOT


def load(folder, name):
    """Import one module; what it imports of the same folder is imported in the same way.

    :param str folder: of a package below `addons`; its `__init__.py` does not run
    :param str name: of the module in it
    """
    package = f"alone_{folder.replace('/', '_')}"
    if package not in sys.modules:
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(ROOT / "addons" / folder)]
    return importlib.import_module(f"{package}.{name}")
