"""A tenant gets another subdomain. Role and secrets hang on its key: what moves is database, folder and address.

Each step may run twice, be killed anywhere, and meet a half-done state. The database is found under either name by its
mark. Meanwhile visitors read that the site is under maintenance; it takes about a second.
"""

from . import filestore, mail_domain, naming, personalise
from .errors import EngineError


def rename(provisioner, spec, former, state="active", reason="", redirects=None):
    """Move a tenant to the subdomain and the host of its spec.

    :param Provisioner provisioner: of the tenant's runtime
    :param TenantSpec spec: with the names that the tenant is to have
    :param str former: the subdomain that it has now, or had before a run that was killed
    :param str state: what to publish in the end, ``active`` or ``suspended``
    :param str reason: what visitors of a suspended tenant read
    :param dict redirects: as in `Directory.publish`
    :raise InvalidNameError, NameTakenError: the new name can't be had; nothing changed
    """
    naming.subdomain(spec.subdomain)
    with provisioner.cluster.locked(spec.key):
        # The files of this tenant that are not under its former name were moved by a run that was killed.
        moved = not filestore.folder(provisioner.runtime, former).exists()
        provisioner.require_free(spec, owns_folder=moved)
        if state == "active":
            provisioner.directory.set_state(spec.key, "maintenance")
        provisioner.cluster.rename(former, spec.subdomain, spec.key)
        move_files(provisioner.runtime, former, spec.subdomain)
        with provisioner.connect(spec) as connection, connection, connection.cursor() as cr:
            personalise.set_address(cr, spec.url)
            mail_domain.rename(cr, f"{former}.{spec.host.partition('.')[2]}", spec.host)
        provisioner.publish(spec, state, reason, redirects)


def move_files(runtime, former, name):
    """Rename the folder of a database that was renamed. Runs again.

    :raise EngineError: there is none of either name
    """
    filestore.rename(runtime, former, name)
    require_files(runtime, former, name)


def require_files(runtime, former, name):
    """Make sure that the folder of a database is there after a rename.

    :raise EngineError: it is not
    """
    if not filestore.folder(runtime, name).is_dir():
        raise EngineError(f'The files are neither in "{former}" nor in "{name}".')
