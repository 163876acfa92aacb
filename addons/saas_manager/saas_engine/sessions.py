"""The sessions of a tenant's people: a folder per tenant, named by its key, which the gateway writes."""

import contextlib
import shutil
import time

from . import naming


def folder(runtime, key):
    """Return where the tenant service keeps the sessions of a tenant."""
    naming.role_name(key)
    return runtime.data_dir / "sessions" / key


def end(runtime, key):
    """Sign everybody out, at the next thing that they do. Runs again; a tenant whom nobody has visited is fine."""
    place = folder(runtime, key)
    with contextlib.suppress(FileNotFoundError):
        if runtime.dedicated:
            # Files of another user's: out of its sight they let nobody in, and the service itself clears them away.
            place.rename(place.with_name(f"ended-{time.time_ns()}"))
        else:
            shutil.rmtree(place)


def end_with_tenant(runtime, key):
    """Remove the sessions of a tenant that leaves a runtime. One of its own goes with all its files."""
    if not runtime.dedicated:
        end(runtime, key)
