"""What this addon asks of the service's gateway. Tests, and an Odoo without our gateway, have none: nobody to ask."""

import sys

from odoo.tools import config

ANY_INTERFACE = ("0.0.0.0", "::")  # noqa: S104 - read, not bound


def limits():
    """Return the gateway's module `limits` (its public functions are the contract), or None without a gateway."""
    return sys.modules.get("odoo.addons.saas_gateway.limits")


def limits_of(env):
    """Return the limits that the plan sets for this database, none at all where nobody sets any."""
    gateway = limits()
    return gateway.of(env.cr.dbname) if gateway else {}


def plan_of(env):
    """Return what people call the plan of this database."""
    found = limits_of(env)
    return found.get("plan_name") or found.get("plan") or ""


def own_code_plans_of(env):
    """Return the names of the plans that allow code of one's own, none where nobody says so."""
    return limits_of(env).get("own_code_plans") or []


def contact_of(env):
    """Return whom to ask for a larger plan."""
    return limits_of(env).get("contact") or env._("the provider of this site")


def surplus_of(env):
    """Return the ids of the users whom the gateway does not let in, being more than the plan allows."""
    gateway = limits()
    return gateway.surplus_of(env.cr.dbname) if gateway else frozenset()


def notices_of(env):
    """Return what the manager tells this database's administrators, nothing where nobody says anything."""
    gateway = limits()
    return gateway.notices_of(env.cr.dbname) if gateway else {}


def mails_of(env):
    """Return how many mails this database has sent in the last 24 hours, or None where nobody counts or can say."""
    return limits().mails_of(env.cr.dbname) if counts_mails(env) else None


def hosts_of(env):
    """Return the hosts that are this tenant's own, as far as somebody knows."""
    gateway = limits()
    return gateway.hosts_of(env.cr.dbname) if gateway else ()


def counts_mails(env):
    """Tell whether somebody counts the mails of this database."""
    gateway = limits()
    return bool(gateway) and gateway.is_known(env.cr.dbname)


def sign_in():
    """Return the gateway's module `sign_in`, or None without a gateway."""
    return sys.modules.get("odoo.addons.saas_gateway.sign_in")


def check_sign_in(env, host, token):
    """Ask whether a token of the service's support opens this database at this host.

    :return: (its claims, None), or (None, why not): `invalid`, `expired`. Without a gateway nobody can sign one.
    """
    gateway = sign_in()
    if gateway is None:
        return None, "invalid"
    try:
        return gateway.check(env.cr.dbname, host, token), None
    except gateway.Refused as refusal:
        return None, refusal.reason


def reserve_mails(env, recipients):
    """Count mails before they leave.

    :param int recipients: how many addresses they go to
    :return: None if they may leave; else why they have to wait: `hour`, `day`, or `away` if nobody could count them
    """
    return limits().reserve_mails(env.cr.dbname, recipients) if counts_mails(env) else None


def own_address():
    """Return where programs on this machine reach the service, or None without a gateway: then hosts mean nothing."""
    if not limits():
        return None
    interface = config["http_interface"] or ANY_INTERFACE[0]
    host = "127.0.0.1" if interface in ANY_INTERFACE else interface
    return f"http://{f'[{host}]' if ':' in host else host}:{config['http_port']}"
