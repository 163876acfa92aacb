"""Where billing periods begin and end."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from saas_engine import periods
from saas_engine.periods import Period

DAYS = st.dates(date(2020, 1, 1), date(2045, 1, 1))
INTERVALS = st.sampled_from(["month", "year"])


def starts(first, interval, count, anchor=None):
    found, day = [], first
    for _ in range(count):
        found.append(day)
        day = periods.period(day, interval, anchor or first.day).end
    return found


def test_a_contract_of_the_31st_comes_back_to_the_31st():
    assert starts(date(2026, 1, 31), "month", 5) == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 31),
    ]


def test_leap_years():
    assert periods.period(date(2028, 1, 31), "month", 31).end == date(2028, 2, 29)
    assert starts(date(2028, 2, 29), "year", 5) == [
        date(2028, 2, 29),
        date(2029, 2, 28),
        date(2030, 2, 28),
        date(2031, 2, 28),
        date(2032, 2, 29),
    ]


def test_over_the_end_of_the_year():
    assert periods.period(date(2026, 12, 15), "month", 15) == Period(date(2026, 12, 15), date(2027, 1, 15))
    assert periods.add_months(date(2026, 1, 31), -2, 31) == date(2025, 11, 30)


def test_days_left():
    january = Period(date(2026, 1, 1), date(2026, 2, 1))
    assert january.days == 31 and january.last_day == date(2026, 1, 31)
    days = [date(2025, 12, 1), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 5, 1)]
    assert [january.days_left(day) for day in days] == [31, 31, 1, 0, 0]


@pytest.mark.parametrize(("interval", "anchor"), [("week", 1), ("month", 0), ("month", 32), (None, 1)])
def test_no_such_period(interval, anchor):
    with pytest.raises(ValueError, match="no such period"):
        periods.period(date(2026, 1, 1), interval, anchor)


def test_nothing_is_due_before_its_day():
    def due(today):
        return periods.due(date(2026, 3, 31), "month", 31, today, lead_days=7)

    assert due(date(2026, 3, 23)) == []
    assert due(date(2026, 3, 24)) == [Period(date(2026, 3, 31), date(2026, 4, 30))]


def test_what_was_missed_is_due_once_and_in_order():
    found = periods.due(date(2026, 1, 31), "month", 31, date(2026, 4, 1))
    assert [period.start for period in found] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]


def test_no_period_begins_after_the_end():
    until = date(2026, 3, 1)
    assert [each.start.month for each in periods.due(date(2026, 1, 1), "month", 1, date(2027, 1, 1), until=until)] == [
        1,
        2,
    ]


@given(first=DAYS, interval=INTERVALS, count=st.integers(1, 40))
def test_periods_never_overlap_and_never_drift(first, interval, count):
    days = starts(first, interval, count)
    months = periods.MONTHS[interval]
    for number, day in enumerate(days):
        # However one gets there, step by step or at once, it is the same day.
        assert day == periods.add_months(first, number * months, first.day)
        assert day.day <= first.day
    assert days == sorted(set(days))


@given(first=DAYS, interval=INTERVALS, lead=st.integers(0, 30), runs=st.lists(st.integers(0, 400), max_size=20))
def test_late_runs_give_what_daily_runs_give(first, interval, lead, runs):
    last = first + timedelta(days=max(runs, default=0))
    at_once = periods.due(first, interval, first.day, last, lead)
    found, start = [], first
    for days in sorted(runs):
        found += periods.due(start, interval, first.day, first + timedelta(days=days), lead)
        start = found[-1].end if found else start
    assert found == at_once or not runs
