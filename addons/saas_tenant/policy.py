"""Who may bring code of their own into this database, and who may take this addon out of it.

Many tenants share one process. Python that one of them writes would run beside the others' data, so a shared service
takes none; a service of the tenant's own (`SAAS_OWN_CODE=1` in its environment) does.
"""

import os
import re

from odoo.exceptions import UserError
from odoo.http import request

from . import gateway

# What Odoo's own apps write for a record's cron: one method, without arguments. Anybody may call it anyway.
PLAIN_CALL = re.compile(r"env\[(['\"])[\w.]+\1\]\.browse\(\[?[\d, ]*\]?\)\.\w+\(\)")


def is_own_code_allowed(env):
    """Tell whether code may enter now: in a service of the tenant's own, or while Odoo loads its modules' data.

    Odoo's context key `install_mode` would not do: every RPC client can send it.
    """
    return os.environ.get("SAAS_OWN_CODE") == "1" or not env.registry.ready


def is_plain_call(code):
    """Tell whether code does nothing, or no more than call one method of some records."""
    lines = [line.strip() for line in (code or "").splitlines()]
    statements = [line for line in lines if line and not line.startswith("#")]
    return not statements or (len(statements) == 1 and bool(PLAIN_CALL.fullmatch(statements[0])))


def is_command():
    """Tell whether `odoo-bin` works on this database alone: no request, and the gateway has not begun to serve."""
    return not request and os.environ.get("SAAS_SERVING") != "1"


def refuse_own_code(env, what):
    """Raise the UserError that says why, and what to do.

    :param str what: what was refused, in the reader's language
    """
    refused = env._(
        "%(what)s cannot be saved here: this site shares its server with others, and code of your own could reach"
        " them.",
        what=what,
    )
    raise UserError(f"{refused} {_say_who_allows_it(env)}")


def _say_who_allows_it(env):
    plans = gateway.own_code_plans_of(env)
    if not plans:
        return env._("A plan with own code runs your site on a server process of its own, and allows it.")
    return env._(
        "A plan with own code (%(plans)s) runs your site on a server process of its own, and allows it."
        " Ask %(contact)s.",
        plans=", ".join(plans),
        contact=gateway.contact_of(env),
    )
