"""The plan's apps. What an app needs comes with it, and what has no tile of its own on the Apps screen is no app."""

from odoo.exceptions import UserError
from odoo.modules.module import get_manifest

from . import gateway


def allowed(env):
    """Return the technical names of the apps that may be installed, None: all."""
    apps = gateway.limits_of(env).get("apps")
    return None if apps is None else set(apps)


def refused(env, names):
    """Return those of some modules that the plan does not allow to install.

    Manifests are asked and not records, which the tenant's administrator can write.

    :param names: technical names
    """
    apps = allowed(env)
    if apps is None:
        return []
    covered = with_dependencies(apps) | set(env["ir.module.module"]._installed())
    return [name for name in names if name not in covered and not _is_free(name, covered)]


def check(env, modules):
    """Raise UserError if the plan does not allow to install one of these modules; says whom to ask.

    :param modules: `ir.module.module` records
    """
    names = refused(env, modules.sudo().mapped("name"))
    if not names:
        return
    titles = {module.name: module.shortdesc or module.name for module in modules.sudo()}
    raise UserError(
        env._(
            "The plan %(plan)s does not include the app %(apps)s. Ask %(contact)s for a plan that does.",
            plan=gateway.plan_of(env),
            apps=", ".join(titles[name] for name in names),
            contact=gateway.contact_of(env),
        )
    )


def with_dependencies(names):
    """Return modules and all that they need, directly or not."""
    found, todo = set(), list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += get_manifest(name).get("depends") or []
    return found


def _is_free(name, covered):
    """Tell whether a module is a part of what is there: no app, or one that Odoo adds to allowed ones by itself."""
    manifest = get_manifest(name)
    if not manifest.get("application"):
        return True
    automatic = manifest.get("auto_install")
    # 18.0 and 19.0 turn True into the list of what has to be there.
    return bool(automatic) and set(automatic) <= covered
