"""The sessions of a tenant's people: a folder per tenant, named by its key, which the gateway writes."""

import contextlib
import shutil

from . import naming


def folder(runtime, key):
    """Return where the tenant service keeps the sessions of a tenant."""
    naming.role_name(key)
    return runtime.data_dir / "sessions" / key


def end(runtime, key):
    """Sign everybody out, at the next thing that they do. Runs again; a tenant whom nobody has visited is fine."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder(runtime, key))
