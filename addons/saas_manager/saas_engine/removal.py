"""The end of a tenant: all of it goes, once its grace is over and its last dump is certain to be there."""

from . import dropping
from .directory import Directory


def remove(cluster, runtime, spec, order):
    """Remove database, filestore, role and directory entry of a tenant. Runs again after a kill at any point.

    :param Order order: of the kind `tenant`; the file of its dump is checked first, against the checksum on record
    :return: what is gone, as `dropping.drop` tells it
    :raise DropRefusedError: its rules don't allow it; nothing was removed
    :raise BackupError: the dump is missing or damaged; nothing was removed
    """
    with cluster.locked(spec.key):
        return dropping.drop(cluster, runtime, Directory(cluster), order, spec.subdomain)
