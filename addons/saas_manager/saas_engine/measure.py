"""What a tenant uses at this moment, asked as the tenant's own role."""

import os

GIGABYTE = 1024**3


def use(connection, runtime, name):
    """Return the use of one tenant.

    :param connection: to the tenant's database, as its role
    :param runtime: where its files lie
    :param str name: of its database
    :return: `users`, internal ones that are not archived, and `storage_gb`, database and files together
    """
    with connection, connection.cursor() as cr:
        cr.execute("SELECT count(*) FROM res_users WHERE active AND share IS NOT TRUE")
        [users] = cr.fetchone()
        cr.execute("SELECT pg_database_size(current_database())")
        [size] = cr.fetchone()
    return {"users": users, "storage_gb": (size + files(runtime.filestore(name))) / GIGABYTE}


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
