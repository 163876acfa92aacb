"""What follows from a country."""

import pytest
from saas_engine import locality

CODES = ["ca_ES", "de_CH", "de_DE", "en_GB", "en_US", "es_ES", "fr_BE", "fr_CH", "fr_FR", "nl_BE", "sr@latin_RS"]


@pytest.mark.parametrize(("country", "expected"), [("DE", "A4"), ("US", "Letter"), ("mx", "Letter"), ("", "A4")])
def test_paper(country, expected):
    assert locality.paper(country) == expected


def test_time_zone():
    assert locality.time_zone("DE", ["Europe/Berlin", "Europe/Busingen"]) == "Europe/Berlin"
    assert locality.time_zone("AU", ["Australia/Lord_Howe", "Australia/Sydney"]) == "Australia/Sydney"
    assert locality.time_zone("AU", ["Australia/Lord_Howe"]) == "Australia/Lord_Howe"  # of what there is
    assert locality.time_zone("XX", []) == ""


@pytest.mark.parametrize(
    ("country", "expected"),
    [("DE", "de_DE"), ("ES", "es_ES"), ("GB", "en_GB"), ("us", "en_US"), ("BE", ""), ("CH", ""), ("AT", "")],
)
def test_language(country, expected):
    assert locality.language(country, CODES) == expected
