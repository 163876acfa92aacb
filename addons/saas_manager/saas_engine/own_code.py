"""What of a tenant's a shared service would refuse, in its own words."""

FIELDS = ("model", "id", "name", "what")


def listed(odoo):
    """Return it as a list of dicts with FIELDS.

    :param odoo: an `odoorpc.ODOO`, signed in as the tenant's administrator
    """
    found = odoo.execute("saas.tenant.plan", "get_own_code")
    return [{name: str(each.get(name) or "") for name in FIELDS} for each in found]
