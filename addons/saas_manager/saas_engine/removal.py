"""The end of a tenant: all of it goes, once its last dump is certain to be there."""

from . import backup
from .directory import Directory
from .provisioning import remove_tenant


def remove(cluster, runtime, spec, last_backup):
    """Remove database, filestore, role and directory entry of a tenant. Runs again after a kill at any point.

    :param BackupFile last_backup: its file is checked first, against the checksum on record
    :raise BackupError: the dump is missing or damaged; nothing was removed
    """
    backup.check(last_backup)
    with cluster.locked(spec.key):
        remove_tenant(cluster, runtime, Directory(cluster), spec.subdomain, spec.key)
