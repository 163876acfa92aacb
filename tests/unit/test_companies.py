"""What is asked of a tenant's Odoo for a further company, and what of it twice."""

import pytest
from saas_engine import companies
from saas_engine.errors import EngineError

SPEC = companies.CompanySpec(key="1", name="Filiale Wien")
REFUSED = {"ids": False, "messages": [{"type": "error", "message": "Another model is using the record."}]}
MADE = {"ids": [7], "messages": []}


class FakeOdoo:
    """Answers `load` as it is told to, and knows no company yet."""

    def __init__(self, *answers):
        self.answers, self.country, self.calls = list(answers), False, []

    def execute(self, model, method, *arguments):
        self.calls.append(method)
        if method == "load":
            assert "country_id/.id" not in arguments[0]
            return self.answers.pop(0)
        if method == "write":
            self.country = arguments[1]["country_id"]
        return [{"country_id": self.country}] if method == "read" else []

    def execute_kw(self, model, method, arguments, options):
        assert (model, method, arguments) == ("res.country", "search", [[("code", "=", "AT")]])
        return [12]


def test_a_conflict_is_asked_again():
    odoo = FakeOdoo(REFUSED, MADE)
    assert companies._ensure_company(odoo, SPEC) == 7
    assert not odoo.answers


def test_what_is_refused_twice_is_told():
    odoo = FakeOdoo(REFUSED, {"ids": False, "messages": [{"type": "error", "message": "It must be unique!"}]})
    with pytest.raises(EngineError, match="Filiale Wien: It must be unique!"):
        companies._ensure_company(odoo, SPEC)


def test_the_country_comes_after_the_company_and_once(monkeypatch):
    """Odoo installs the country's accounting then, and commits: the company must be on record before."""
    spec = companies.CompanySpec(key="1", name="Filiale Wien", country="AT")
    odoo = FakeOdoo(MADE)
    assert companies._ensure_company(odoo, spec) == 7
    assert odoo.calls == ["search_read", "load", "read", "write"] and odoo.country == 12
    monkeypatch.setattr(companies, "_find", lambda *_arguments: 7)
    assert companies._ensure_company(odoo, spec) == 7
    assert odoo.calls[4:] == ["read"]
