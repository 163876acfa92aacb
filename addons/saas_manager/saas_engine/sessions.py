"""The sessions of a tenant's people: a folder per tenant, named by its key, which the gateway writes."""

import shutil

from . import naming
from .errors import EngineError


def folder(runtime, key):
    """Return where the tenant service keeps the sessions of a tenant."""
    naming.role_name(key)
    return runtime.data_dir / "sessions" / key


def end(runtime, key):
    """Sign everybody out, at the next thing that they do. Runs again; a tenant whom nobody has visited is fine.

    :raise EngineError: they are a service's of one's own, which runs as somebody else
    """
    path = folder(runtime, key)
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        pass
    except PermissionError:
        raise EngineError(f"The sessions in {path} belong to the service alone: they end with it.") from None


def end_with_tenant(runtime, key):
    """Remove the sessions of a tenant that leaves a runtime. One of its own goes with all its files."""
    if not runtime.dedicated:
        end(runtime, key)
