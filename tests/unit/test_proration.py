"""Amounts for parts of periods."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from saas_engine import proration
from saas_engine.periods import Period

APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))
STEPS = st.sampled_from(["0.01", "1", "0.001", "0.05"])
AMOUNTS = st.decimals(0, 10**7, places=3)
LENGTHS = st.integers(1, 366)


@pytest.mark.parametrize(
    ("amount", "step", "expected"),
    [
        (2.675, "0.01", "2.68"),  # a float of 2.675 lies below it; people mean 2.675
        (0.1 + 0.2, "0.01", "0.30"),
        (1234.5, "1", "1235"),
        (-1234.5, "1", "-1235"),
        (1.0005, "0.001", "1.001"),
        (1.03, "0.05", "1.05"),
        (1.02, "0.05", "1.00"),
    ],
)
def test_rounding_of_a_currency(amount, step, expected):
    assert proration.rounded(amount, Decimal(step)) == Decimal(expected)


def test_a_currency_without_a_step_is_refused():
    with pytest.raises(ValueError, match="step"):
        proration.rounded(1, 0)


def test_an_upgrade_in_the_middle():
    change = proration.change(19.0, 59.0, APRIL, date(2026, 4, 16), 0.01)
    assert (change.credit, change.charge, change.amount) == (Decimal("9.50"), Decimal("29.50"), Decimal("20.00"))
    assert (change.days, change.of_days) == (15, 30)


@pytest.mark.parametrize(
    ("step", "expected"), [("0.01", "6.67"), ("1", "7"), ("0.001", "6.667")], ids=["euro", "yen", "dinar"]
)
def test_a_third(step, expected):
    assert proration.share(20, APRIL, date(2026, 4, 21), step) == Decimal(expected)


def test_discounts():
    assert proration.discounted(59, 10, 0, 0.01) == Decimal("53.10")
    assert proration.discounted(59, 50, 9.5, 0.01) == Decimal("20.00")
    assert proration.discounted(5, 0, 9, 0.01) == 0
    assert proration.discounted(5, 100, 0, 0.01) == 0


@given(amount=AMOUNTS, length=LENGTHS, step=STEPS)
def test_first_and_last_day(amount, length, step):
    period = Period(APRIL.start, APRIL.start + timedelta(days=length))
    assert proration.share(amount, period, period.start, step) == proration.rounded(amount, step)
    assert proration.share(amount, period, period.end, step) == 0


@given(old=AMOUNTS, new=AMOUNTS, length=LENGTHS, passed=st.integers(0, 366), step=STEPS)
def test_there_and_back_costs_nothing(old, new, length, passed, step):
    period = Period(APRIL.start, APRIL.start + timedelta(days=length))
    day = period.start + timedelta(days=passed)
    there = proration.change(old, new, period, day, step)
    back = proration.change(new, old, period, day, step)
    assert there.amount == -back.amount
    # Whole steps of the currency only, and no more than half a step beside the exact amount.
    assert there.charge % Decimal(step) == 0
    assert abs(there.charge - new * period.days_left(day) / period.days) <= Decimal(step) / 2


@given(amount=AMOUNTS, length=LENGTHS, first=st.integers(0, 366), second=st.integers(0, 366), step=STEPS)
def test_fewer_days_never_cost_more(amount, length, first, second, step):
    period = Period(APRIL.start, APRIL.start + timedelta(days=length))
    early, late = (period.start + timedelta(days=days) for days in sorted((first, second)))
    assert proration.share(amount, period, late, step) <= proration.share(amount, period, early, step)
