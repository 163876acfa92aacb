"""The plan's number of internal users, held whatever way somebody becomes one."""

from contextlib import contextmanager

from odoo.exceptions import UserError

from . import gateway, internal_users

# What a write to a user names when it may make an internal one. 18.0's form has a field for each group.
KEYS = {"active", "share", "groups_id", "group_ids", "all_group_ids", "role"}
GROUP_PREFIXES = ("in_group_", "sel_groups_")


def may_add(values):
    """Tell whether a write of these values to users may make somebody an internal user.

    :param values: names of fields
    """
    return any(name in KEYS or name.startswith(GROUP_PREFIXES) for name in values)


@contextmanager
def held(env):
    """Refuse what happens in the block if there are more internal users after it, and more than the plan allows.

    Whoever is above the limit already may change anything that does not add to it. While Odoo loads modules nobody is
    refused: a database without a registry would be worse.

    :raise UserError: says so, with the plan, its limit and whom to ask
    """
    limit = (gateway.limits_of(env).get("max_users") or 0) if env.registry.ready else 0
    if limit <= 0:
        yield
        return
    before = _find(env)
    yield
    after = _find(env)
    if len(after) <= len(before):
        return
    env.cr.execute(internal_users.TAKE_TURNS)
    if len(after) > limit:
        raise UserError(_get_message(env, limit, len(after)))


def _find(env):
    env["res.users"].flush_model(["active", "share"])
    return internal_users.find(env.cr)


def _get_message(env, limit, count):
    return env._(
        "The plan %(plan)s allows %(limit)s internal users, and this would make %(count)s. Archive somebody first or"
        " give them access to the portal only, or ask %(contact)s for a larger plan.",
        plan=gateway.plan_of(env),
        limit=limit,
        count=count,
        contact=gateway.contact_of(env),
    )
