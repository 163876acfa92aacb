"""What every worker would do again for each tenant is done once: Python's imports, and looking for files of assets.

Which addons the tenants use is learnt: a worker that imports one which was not known yet writes its name down, and the
next start of the service imports it before the workers are forked. They then share it, memory included.
"""

import functools
import json
import logging
import os
from pathlib import Path

from odoo.modules import module
from odoo.modules.registry import Registry
from odoo.tools import config

from . import wrapping

_logger = logging.getLogger(__name__)

PATTERNS = 8192  # of files that are kept in mind; those of all apps are some 2,000, but a tenant may think of others

_state = {"known": None}  # names that need not be written down; None in a process that no worker is forked from


def _file():
    return Path(config["data_dir"]) / "saas-addons.json"


def _read():
    """Return the names that were written down; a file that is gone or broken is written anew."""
    try:
        return frozenset(name for name in json.loads(_file().read_text(encoding="utf-8")) if isinstance(name, str))
    except (OSError, ValueError, TypeError):
        return frozenset()


def _learn(names):
    """Write down the addons of a registry that nobody had written down before."""
    if _state["known"] is None or names <= _state["known"]:
        return
    _state["known"] = known = _state["known"] | _read() | names
    draft = _file().with_name(f"{_file().name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(sorted(known)), encoding="utf-8")
        draft.replace(_file())
    except OSError as error:
        _logger.warning("the addons in use were not written down: %s", error)


def prepare():
    """Do it, in the process that the workers are forked from."""
    _import_learnt()
    if not config["dev_mode"]:
        from odoo.addons.base.models import ir_asset  # late: the gateway is the first of all addons

        # The same files for all tenants; after a change of the code the service is restarted anyway.
        wrapping.replace(ir_asset, "_glob_static_file", functools.lru_cache(PATTERNS))


def _import_learnt():
    _state["known"] = _read()
    names = _in_order(_state["known"])
    _logger.info("%s addons are imported before the workers are forked", len(names))
    for name in names:
        try:
            module.load_openerp_module(name)
        except Exception:  # noqa: BLE001 - it is an addon's code that runs: one that is broken must not stop all others
            _logger.exception("the addon %s can't be imported; the tenants that have it will meet this again", name)


def _in_order(names):
    """Return the addons that are there and what they depend on, each behind its dependencies, as Odoo imports them."""
    ordered = {}

    def add(name):
        if name not in ordered and module.get_module_path(name, display_warning=False):
            ordered[name] = None
            for needed in module.get_manifest(name).get("depends", ()):
                add(needed)
            ordered[name] = ordered.pop(name)  # behind them

    for name in sorted(names):
        add(name)
    return list(ordered)


def _build_new(new):
    def new_and_learn(cls, *args, **options):
        registry = new(*args, **options)
        _learn(registry._init_modules)
        return registry

    return classmethod(new_and_learn)


def install():
    """Wrap where a registry is built, for which addons are imported."""
    wrapping.replace(Registry, "new", _build_new)
