"""A registry belongs to a tenant, not to a name: whoever gets a name that was another's starts with empty caches.

Odoo keeps registries by the database's name and asks the database whether they are current by counters that every
clone of a template begins with. A name that is free again (deleted, renamed) would be served from what the workers
remember of the one before: its parameters, its secret, its views.
"""

from odoo.modules.registry import Registry

from . import wrapping
from .directory import directory

_keys = {}  # database -> the key of the tenant whose registry this process has, or had


def forget_others(database):
    """Drop the registry of a database whose name has passed to another tenant since it was loaded."""
    tenant = directory.tenant_in(database)
    if tenant and _keys.setdefault(database, tenant.key) != tenant.key:
        _keys[database] = tenant.key
        Registry.delete(database)


def install():
    """Wrap where Odoo looks a registry up."""

    def build_new(stock):
        def __new__(cls, db_name):
            forget_others(db_name)
            return stock(cls, db_name)

        return __new__

    wrapping.replace(Registry, "__new__", build_new)
