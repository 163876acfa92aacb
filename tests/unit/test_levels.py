"""Which level of a limit was reached, and of which the customer hears by mail."""

import pytest
from saas_engine import levels


@pytest.mark.parametrize(
    ("percent", "level"), [(0, 0), (79.9, 0), (80, 80), (94.9, 80), (95, 95), (99.9, 95), (100, 100), (250, 100)]
)
def test_reached(percent, level):
    assert levels.reached(percent) == level


@pytest.mark.parametrize(
    ("before", "level", "mail"),
    [(0, 0, None), (0, 80, 80), (80, 80, None), (80, 95, 95), (0, 95, 95), (0, 100, 95), (95, 100, None)],
)
def test_one_mail_for_a_rise(before, level, mail):
    assert levels.mail_for(before, level) == mail
