"""A registry belongs to a tenant, not to a name: whoever gets a name that was another's starts with empty caches.

Odoo keeps registries by the database's name and asks the database whether they are current by counters that every
clone of a template begins with. A name that is free again (deleted, renamed) would be served from what the workers
remember of the one before: its parameters, its secret, its views.

How many a process keeps is said by `SAAS_REGISTRIES`. Odoo divides its limit of virtual memory by 15 MiB; a service
with little memory has to keep fewer than that, and its processes still map what they map.
"""

import os

from odoo.modules.registry import Registry
from odoo.tools import config

from . import roles, wrapping
from .directory import directory

_keys = {}  # database -> the key of the tenant whose registry this process has, or had


def forget_others(database):
    """Drop the registry of a database whose name has passed to another tenant since it was loaded."""
    work = roles.working_for()
    if work.db == database and _keys.get(database) == work.key:
        return  # it is the registry of whom this thread works for: that is asked three times per request
    tenant = directory.tenant_in(database)
    if tenant and _keys.setdefault(database, tenant.key) != tenant.key:
        _keys[database] = tenant.key
        Registry.delete(database)


def limit():
    """Tell Odoo how many registries a process keeps, where somebody has said so.

    :raise ValueError: the variable is not a number
    """
    wanted = os.environ.get("SAAS_REGISTRIES")
    if wanted:
        config["registry_lru_size"] = int(wanted)  # in a configuration file it would arrive as a text, and break


def install():
    """Wrap where Odoo looks a registry up."""
    limit()

    def build_new(stock):
        def __new__(cls, db_name):
            forget_others(db_name)
            return stock(cls, db_name)

        return __new__

    wrapping.replace(Registry, "__new__", build_new)
