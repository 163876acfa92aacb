"""A tenant moves between the shared runtime and one of its own. Address and data stay; role and key stay.

What changes is the runtime that serves it, hence the password of its role, the folder of its files and the way to it.
Each step may run twice, be killed anywhere, and meet a half-done state. Until the move is finished the files are in
both places, so that it can be undone without a loss.
"""

from . import dropping, filestore, filestore_copy, sessions


def prepare(source, target, spec):
    """Copy the files while the tenant works: what is left for the move itself takes a moment.

    :param Provisioner source, target: of the runtime that serves the tenant, and of the one that is to
    :raise DiskFullError: they don't fit
    """
    filestore.require_bytes(
        target.runtime, filestore_copy.missing_bytes(source.runtime, target.runtime, spec.subdomain)
    )
    filestore_copy.copy_missing(source.runtime, target.runtime, spec.subdomain)


def move(source, target, spec, state="active", reason="", redirects=None, notice=""):
    """Have another runtime serve a tenant.

    :param Provisioner source, target: as in `prepare`
    :param str state: what to publish in the end, ``active`` or ``suspended``
    :param str reason: what visitors of a suspended tenant read
    :param dict redirects: as in `Directory.publish`
    :param str notice: what visitors read meanwhile
    :raise NameTakenError: the database is not this tenant's; nothing changed
    """
    directory, cluster = source.directory, source.cluster
    with cluster.locked(spec.key):
        source.require_ours(spec)
        if not _is_served_by(directory, spec, target, state):
            if state == "active":
                directory.set_state(spec.key, "maintenance", notice)
            # From here on the source can't log in any more, and what it had open ends.
            target.ensure_role(spec)
            cluster.evict(spec.subdomain, spec.key)
            filestore_copy.copy_missing(source.runtime, target.runtime, spec.subdomain)
            source.route(())
            target.publish(spec, state, reason, redirects)


def undo(source, target, spec, state="active", reason="", redirects=None, notice=""):
    """Have the source serve a tenant again whose move could not be finished; the parameters are those of `move`.

    Where nothing has happened yet, nobody notices.
    """
    if _is_served_by(source.directory, spec, source, state):
        source.ensure_role(spec)
    else:
        move(target, source, spec, state, reason, redirects, notice)


def finish(source, target, spec):
    """Remove what the source has left: the copies of files that are in the target, each of them, and sessions.

    :raise EngineError: the target does not serve the tenant, or lacks a file; nothing was removed
    """
    with source.cluster.locked(spec.key):
        target.require_served(spec)
        order = dropping.Order("moved", spec.key, "moved", "the move between services", "the other one serves it")
        filestore_copy.remove_copied(source.runtime, target.runtime, spec.subdomain, order)
        sessions.end_with_tenant(source.runtime, spec.key)


def discard(source, target, spec):
    """Remove the copies in a target that did not get the tenant. Raises like `finish`."""
    finish(target, source, spec)


def _is_served_by(directory, spec, provisioner, state):
    entry = directory.entry(spec.key)
    return entry is not None and (entry.runtime, entry.state) == (provisioner.runtime.code, state)
