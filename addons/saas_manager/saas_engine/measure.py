"""What a tenant uses at this moment."""

import os

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
    with connection.cursor() as cr:
        cr.execute(INTERNAL_USERS)
        users = cr.rowcount
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
