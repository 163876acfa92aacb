"""What a tenant uses at this moment."""

import os

from .databases import acting_as

GIGABYTE = 1024**3

# The gateway and saas_tenant have the same text; a unit test holds them together. Groups count besides `share`, which
# anybody with access to users can write. Group 1 is "Employee" in every database of Odoo's.
INTERNAL_USERS = """
    WITH RECURSIVE internal (gid) AS (
        SELECT 1
        UNION SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'group_user' AND model = 'res.groups'
        UNION SELECT r.gid FROM res_groups_implied_rel r JOIN internal i ON r.hid = i.gid
    )
    SELECT u.id FROM res_users u
     WHERE u.active AND (u.share IS NOT TRUE
        OR EXISTS (SELECT FROM res_groups_users_rel r JOIN internal i ON i.gid = r.gid WHERE r.uid = u.id))"""


def use(connection, cluster, runtime, name):
    """Return the use of one tenant.

    :param connection: to the tenant's database, as its role
    :param Cluster cluster: what the database lies in; its size is asked there, where no tenant can answer
    :param Runtime runtime: where its files lie
    :param str name: of its database
    :return: `users`, internal ones that are not archived, and `storage_gb`, database and files together
    """
    size = database_sizes(cluster, [name]).get(name, 0) + files(runtime.filestore(name))
    return {"users": internal_users(connection), "storage_gb": size / GIGABYTE}


def internal_users(connection):
    """Return how many internal users a tenant has that are not archived.

    :param connection: to the tenant's database, as its role
    """
    with connection.cursor() as cr:
        cr.execute(INTERNAL_USERS)
        return cr.rowcount


def database_sizes(cluster, names):
    """Return how many bytes databases have on disk, in one query: name -> bytes. One that is gone is left out."""
    with cluster.connect() as connection, acting_as(connection, "pg_monitor") as cr:
        # The manager may not connect to tenants; whoever may not connect needs this role to see a size.
        cr.execute("SELECT datname, pg_database_size(oid) FROM pg_database WHERE datname = ANY (%s)", [list(names)])
        return dict(cr.fetchall())


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
