"""The only way this module changes Odoo: one named attribute at a time, each on record."""

import sys

wrapped = []


def replace(owner, name, build):
    """Replace `owner.name` by `build(original)`, also where it was already imported by name.

    :param owner: a module or a class of Odoo
    :raise AttributeError: if there is no such attribute (another Odoo series): never run half installed
    :return: the original
    """
    original = getattr(owner, name)
    replacement = build(original)
    setattr(owner, name, replacement)
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is original:
            setattr(module, name, replacement)
    path = f"{owner.__module__}.{owner.__name__}" if isinstance(owner, type) else owner.__name__
    wrapped.append(f"{path}.{name}")
    return original
