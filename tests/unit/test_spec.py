"""A tenant's description: its names are checked when it is made."""

import pytest
from saas_engine.errors import InvalidNameError
from saas_engine.spec import TenantSpec

GOOD = {"key": "0" * 32, "subdomain": "acme", "host": "acme.example.com", "url": "https://acme.example.com"}


def test_good():
    assert TenantSpec(**GOOD).limits == {}


@pytest.mark.parametrize(
    "change",
    [
        {"key": "acme"},
        {"subdomain": "Acme"},
        {"subdomain": "../acme"},
        {"subdomain": "new_" + "0" * 32},
        {"subdomain": ""},
        {"template_database": "../x"},
    ],
)
def test_bad(change):
    with pytest.raises(InvalidNameError):
        TenantSpec(**{**GOOD, **change})


def test_a_word_reserved_later_can_still_be_removed():
    assert TenantSpec(**{**GOOD, "subdomain": "admin"}).subdomain == "admin"
