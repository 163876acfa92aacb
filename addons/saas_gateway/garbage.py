"""Python's cyclic garbage collector looks for what to free where nobody waits, and not among what is there to stay.

A registry is tens of thousands of objects that live as long as the worker. While one is built the collector would look
through all others, again and again, in the middle of somebody's first page: with 25 registries in memory a full pass
takes half a second. Here it rests while a registry is built. What is in memory then counts as permanent, until so much
of it was dropped that a look pays; that look happens between two pieces of work (`pauses.py`).
"""

import gc

import odoo
from odoo.modules.registry import Registry

from . import serving, wrapping

WORTH = 4  # a look pays when one registry was dropped for so many that are kept

_state = {"built": 0}  # registries that this process has built and not looked at since they were dropped


def _build_new(new):
    def new_at_rest(cls, db_name, *args, **options):
        # An installation of apps takes minutes and leaves a lot of garbage; the evented process has no pieces of work.
        if args or options or odoo.evented or not serving.is_serving() or not gc.isenabled():
            return new(db_name, *args, **options)
        gc.disable()
        try:
            registry = new(db_name)
            gc.freeze()
        finally:
            gc.enable()
        _state["built"] += 1
        return registry

    return classmethod(new_at_rest)


def look_if_worth():
    """Free the registries that were dropped, if they are many enough. For where nobody waits."""
    kept = len(Registry.registries)
    if (_state["built"] - kept) * WORTH > kept:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        _state["built"] = kept


def install():
    """Wrap where a registry is built."""
    wrapping.replace(Registry, "new", _build_new)
