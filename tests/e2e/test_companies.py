"""Further companies of an instance: made through the tenant's own ORM, their users kept apart."""

import re

import pytest

EMAILS = "anna@{0}.example", "bob@{0}.example"


def accept_invitation(demo, subdomain, email):
    """Do what an invited user does with Odoo's own mail; return the tenant's Odoo, signed in as that user."""
    html = demo.wait_for(lambda: demo.mails_to(email), bool)[0]
    tenant = demo.tenant(subdomain)
    path = re.search(r'href="http://[^/"]+(/web/(?:signup|reset_password)[^"]+)"', html)[1].replace("&amp;", "&")
    page = tenant.get(path).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields |= {"login": email, "name": email, "password": "a-good-password", "confirm_password": "a-good-password"}
    answer = tenant.request("POST", path, data=fields)
    assert answer.status_code == 303 or "successfully" in answer.text, answer.text[:2000]
    assert tenant.sign_in(email, "a-good-password")
    return tenant


def test_users_of_one_company_do_not_see_the_others(demo, subdomain):
    anna, bob = (text.format(subdomain) for text in EMAILS)
    call = demo.manager.call
    lines = [
        (0, 0, {"name": "Acme Berlin", "country_id": country(demo, "DE"), "user_emails": anna}),
        (0, 0, {"name": "Acme Paris", "country_id": country(demo, "FR"), "user_emails": f"{anna}, {bob}"}),
    ]
    instance = demo.provision(subdomain, company_line_ids=lines)
    set_up = demo.wait_for(lambda: demo.read(instance, "companies_state"), lambda state: state != "running", 60)
    assert set_up == "done", demo.read(instance, "companies_error")

    owner = demo.set_password(subdomain, "a-good-password")
    companies = owner.call("res.company", "search_read", [], ["name", "currency_id", "country_id"])
    found = {company["name"]: company for company in companies}
    assert len(found) == 3
    assert found["Acme Berlin"]["country_id"][1] == "Germany"
    assert found["Acme Berlin"]["currency_id"][1] == "EUR"
    ids = {name: company["id"] for name, company in found.items()}
    context = {"allowed_company_ids": list(ids.values())}
    for name, company in ids.items():
        owner.call("res.partner", "create", {"name": f"Secret of {name}", "company_id": company}, context=context)

    of_paris = accept_invitation(demo, subdomain, bob)
    assert secrets(of_paris, [ids["Acme Paris"]]) == {"Secret of Acme Paris"}
    with pytest.raises(demo.RpcError, match="companies"):
        secrets(of_paris, list(ids.values()))
    of_both = accept_invitation(demo, subdomain, anna)
    both = secrets(of_both, [ids["Acme Berlin"], ids["Acme Paris"]])
    assert both == {"Secret of Acme Berlin", "Secret of Acme Paris"}

    # A second run adds what is new, and nothing twice; no key of the set-up is left.
    call("saas.instance.company", "create", {"instance_id": instance, "name": "Acme Rome", "user_emails": bob})
    call("saas.instance", "action_set_up_companies", [instance])
    demo.wait_for(lambda: demo.read(instance, "companies_state"), lambda state: state == "done")
    names = names_of(owner.call("res.company", "search_read", [], ["name"]))
    assert sorted(names)[:3] == ["Acme Berlin", "Acme Paris", "Acme Rome"] and len(names) == 4
    with demo.superuser(subdomain) as cr:
        cr.execute("SELECT count(*) FROM res_users_apikeys")
        assert cr.fetchone() == (0,)


def test_what_odoo_refuses_is_told(demo, subdomain):
    """A second company of the same name: the instance stays active, the reason is on the form, a retry works."""
    instance = demo.provision(subdomain, company_line_ids=[(0, 0, {"name": f"Owner of {subdomain}"})])
    set_up = demo.wait_for(lambda: demo.read(instance, "companies_state"), lambda state: state != "running", 60)
    assert set_up == "failed"
    assert demo.read(instance, "state") == "active"
    error = demo.read(instance, "companies_error")
    assert f"Owner of {subdomain}" in error and ("already exists" in error or "must be unique" in error)  # 18.0, 19.0
    [line] = demo.manager.call("saas.instance.company", "search", [("instance_id", "=", instance)])
    demo.manager.call("saas.instance.company", "write", [line], {"name": "Another name"})
    demo.manager.call("saas.instance", "action_set_up_companies", [instance])
    assert demo.wait_for(lambda: demo.read(instance, "companies_state"), lambda state: state != "running") == "done"


def secrets(odoo, companies):
    """Return which of the contacts a user finds who has these companies chosen at the top of the screen."""
    context = {"allowed_company_ids": companies}
    return set(
        names_of(odoo.call("res.partner", "search_read", [("name", "like", "Secret")], ["name"], context=context))
    )


def country(demo, code):
    return demo.manager.call("res.country", "search", [("code", "=", code)])[0]


def names_of(rows):
    return [row["name"] for row in rows]
