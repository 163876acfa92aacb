"""What a tenant uses at this moment."""

import os

GIGABYTE = 1024**3


def use(connection, cluster, runtime, name):
    """Return the use of one tenant.

    :param connection: to the tenant's database, as its role
    :param Cluster cluster: what the database lies in; its size is asked there, where no tenant can answer
    :param Runtime runtime: where its files lie
    :param str name: of its database
    :return: `users`, internal ones that are not archived, and `storage_gb`, database and files together
    """
    with connection.cursor() as cr:
        cr.execute("SELECT count(*) FROM res_users WHERE active AND share IS NOT TRUE")
        [users] = cr.fetchone()
    size = database_size(cluster, name) + files(runtime.filestore(name))
    return {"users": users, "storage_gb": size / GIGABYTE}


def database_size(cluster, name):
    """Return how many bytes a database has on disk."""
    with cluster.connect() as connection, connection.cursor() as cr:
        # The manager may not connect to tenants; whoever may not connect needs this role to see a size.
        cr.execute("SET ROLE pg_monitor")
        cr.execute("SELECT pg_database_size(%s)", [name])
        return cr.fetchone()[0]


def files(folder):
    """Return how many bytes the files of a folder have. What goes while it is counted is not counted."""
    total = 0
    for parent, _folders, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total
