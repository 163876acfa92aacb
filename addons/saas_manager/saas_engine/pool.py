"""Clones made before anybody asks for them: a closed database and its files, waiting for a tenant's name.

A clone has a key of its own and no role: nobody can enter it. `Provisioner` takes one in place of a fresh clone when
`TenantSpec.pool_key` names it; from then on it hangs on the tenant's key, and nothing of it has the pool's name.
"""

from . import dropping, filestore, naming
from .directory import Directory


class Pool:
    """The waiting clones of one runtime.

    :param Cluster cluster: where the databases live
    :param Runtime runtime: whose filestore has the folders
    """

    def __init__(self, cluster, runtime):
        self.cluster, self.runtime = cluster, runtime

    def fill(self, key, template):
        """Make a clone, complete. Runs again: what is complete stays, what was killed is replaced.

        :param str key: the clone's own key, 32 hex digits
        :param str template: the sealed database
        :raise TemplateNotReadyError: there is no such template
        :raise DiskFullError: the copy would not leave enough room; nothing was made
        """
        name = naming.pool_database(key)
        with self.cluster.locked(key):
            self.cluster.require_room(template)
            filestore.require_room(self.runtime, template)
            filestore.clone(self.runtime, template, name, key)
            self.cluster.prepare(template, name, key)

    def discard(self, order):
        """Remove what there is of a clone. One that is not there, or was taken by a tenant, is fine.

        :param Order order: of the kind `pool`, with the clone's key
        :return: what is gone, as `dropping.drop` tells it
        """
        with self.cluster.locked(order.key):
            name = naming.pool_database(order.key)
            return dropping.drop(self.cluster, self.runtime, Directory(self.cluster), order, name)

    def keys(self):
        """Return the keys of all clones that wait here, whole or not: a set."""
        names = [*self.cluster.marked_databases(naming.POOL_PREFIX), *filestore.names(self.runtime)]
        return {name.removeprefix(naming.POOL_PREFIX) for name in names if naming.POOL_DATABASE.fullmatch(name)}

    def complete_keys(self):
        """Return the keys of the clones that have their database: a set. The folder is made before it."""
        names = self.cluster.marked_databases(naming.POOL_PREFIX, whole=True)
        return {name.removeprefix(naming.POOL_PREFIX) for name in names}
