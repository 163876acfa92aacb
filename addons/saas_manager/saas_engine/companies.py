"""Further companies of a tenant, through its own ORM. Everything here may run twice."""

import dataclasses

from .errors import EngineError

MODULE = "__import__"  # of external ids, as Odoo's own import writes them: nothing of ours is installed under this name


@dataclasses.dataclass(frozen=True)
class CompanySpec:
    """One more company of a tenant.

    :param str key: unique within the tenant; what makes a second run find the company again
    :param str country: code, "" for none
    :param str currency: code, "" for the currency that Odoo chooses
    :param tuple emails: of its users; each gets Odoo's own invitation
    """

    key: str
    name: str
    country: str = ""
    currency: str = ""
    emails: tuple = ()


def set_up(odoo, specs):
    """Make the companies and their users.

    :param odoo: an `odoorpc.ODOO`, signed in as the tenant's administrator
    :param list specs: a `CompanySpec` for each
    :raise EngineError: what Odoo did not accept, in its words
    """
    companies = {spec.key: _ensure_company(odoo, spec) for spec in specs}
    _let_administrator_in(odoo, list(companies.values()))
    for spec in specs:
        _load_chart(odoo, companies[spec.key])
        _ensure_currency(odoo, companies[spec.key], spec.currency)
    for email in dict.fromkeys(email for spec in specs for email in spec.emails):
        _ensure_user(odoo, email, [companies[spec.key] for spec in specs if email in spec.emails])


def _ensure_company(odoo, spec):
    name = f"saas_company_{spec.key}"
    values = {"id": f"{MODULE}.{name}", "name": spec.name}
    if spec.currency:
        values["currency_id/.id"] = _id_of(odoo, "res.currency", [("name", "=", spec.currency)], spec.currency)
    company = _find(odoo, "res.company", name) or _load(odoo, "res.company", values)
    if spec.country:
        _ensure_country(odoo, company, spec.country)
    return company


def _ensure_country(odoo, company, code):
    """Give a company its country, in a call of its own.

    Odoo then installs the country's accounting, which commits: in the midst of an import that would leave a company
    that no second run finds.
    """
    [row] = odoo.execute("res.company", "read", [company], ["country_id"])
    if not row["country_id"]:
        country = _id_of(odoo, "res.country", [("code", "=", code)], code)
        odoo.execute("res.company", "write", [company], {"country_id": int(country)})


def _let_administrator_in(odoo, companies):
    odoo.execute("res.users", "write", [odoo.env.uid], {"company_ids": [(4, company) for company in companies]})


def _load_chart(odoo, company):
    """Give a company the accounts and taxes of its country, where the tenant has invoicing."""
    if not odoo.execute("ir.model", "search_count", [("model", "=", "account.chart.template")]):
        return
    [row] = odoo.execute("res.company", "read", [company], ["chart_template"])
    if not row["chart_template"]:
        # A method of a recordset: the ids come first, here none.
        odoo.execute("account.chart.template", "try_loading", [], False, company)


def _ensure_currency(odoo, company, code):
    """Put back the currency that was asked for: a chart brings its country's own."""
    [row] = odoo.execute("res.company", "read", [company], ["currency_id"])
    if code and row["currency_id"][1] != code:
        currency = _id_of(odoo, "res.currency", [("name", "=", code)], code)
        odoo.execute("res.company", "write", [company], {"currency_id": int(currency)})


def _ensure_user(odoo, email, companies):
    """Have a user of these companies and of no other; one who is there already may enter them as well."""
    found = odoo.execute_kw(
        "res.users", "search", [[("login", "=", email)]], {"context": {"active_test": False}, "limit": 1}
    )
    if found:
        odoo.execute("res.users", "write", found, {"company_ids": [(4, company) for company in companies]})
        return
    # Not `load`: it counts as an installation, of which Odoo sends no invitation.
    values = {"name": email.partition("@")[0], "login": email, "email": email}
    values |= {"company_id": companies[0], "company_ids": [(6, 0, companies)]}
    odoo.execute("res.users", "create", values)


def _find(odoo, model, name):
    rows = odoo.execute(
        "ir.model.data",
        "search_read",
        [("module", "=", MODULE), ("name", "=", name), ("model", "=", model)],
        ["res_id"],
    )
    return rows[0]["res_id"] if rows else None


def _id_of(odoo, model, domain, code):
    found = odoo.execute_kw(model, "search", [domain], {"context": {"active_test": False}, "limit": 1})
    if not found:
        raise EngineError(f"{code!r} is not known there.")
    return str(found[0])


def _load(odoo, model, values):
    """Import one record as a person would, with an external id that a second run finds; return its id.

    Asked twice before a refusal is believed: after a conflict with somebody else's change Odoo tries the row again in
    the same transaction, and then reports what that broke. The second call is a transaction of its own.
    """
    for _attempt in range(2):
        result = odoo.execute(model, "load", list(values), [list(values.values())])
        if result["ids"]:
            return result["ids"][0]
    problems = [message["message"] for message in result["messages"] if message.get("type") == "error"]
    raise EngineError(f"{values['name']}: {' '.join(problems)}")
