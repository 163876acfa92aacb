"""How large the demo is: the formula of the manager's engine, which is not on the path of the stack's own programs."""

import os
import sys

from stack.paths import ROOT

sys.path.insert(0, str(ROOT / "addons" / "saas_manager"))
try:
    from saas_engine.sizing import Given, Sizes, bytes_of, compute, own
finally:
    del sys.path[0]

__all__ = ["Given", "Sizes", "bytes_of", "compute", "demo", "own"]
# Of the machine's memory; the rest is for the manager, PostgreSQL and whoever works there.
TENANT_SERVICE_SHARE = 0.7


def demo():
    """Return the Sizes of the demo on this machine."""
    return compute(Given(memory=int(_machine_memory() * TENANT_SERVICE_SHARE)))


def _machine_memory():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
