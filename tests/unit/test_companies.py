"""A company that Odoo refuses is asked for twice: the first answer may be the echo of somebody else's change."""

import pytest
from saas_engine import companies
from saas_engine.errors import EngineError

SPEC = companies.CompanySpec(key="1", name="Filiale Wien")
REFUSED = {"ids": False, "messages": [{"type": "error", "message": "Another model is using the record."}]}


class FakeOdoo:
    """Answers `load` as it is told to, and knows no company yet."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def execute(self, model, method, *arguments):
        assert (model, method) in (("res.company", "load"), ("ir.model.data", "search_read"))
        return self.answers.pop(0) if method == "load" else []


def test_a_conflict_is_asked_again():
    odoo = FakeOdoo(REFUSED, {"ids": [7], "messages": []})
    assert companies._ensure_company(odoo, SPEC) == 7
    assert not odoo.answers


def test_what_is_refused_twice_is_told():
    odoo = FakeOdoo(REFUSED, {"ids": False, "messages": [{"type": "error", "message": "It must be unique!"}]})
    with pytest.raises(EngineError, match="Filiale Wien: It must be unique!"):
        companies._ensure_company(odoo, SPEC)
