"""Billing periods: where one ends and the next begins, and which are due.

A contract that began on the 31st is billed on the last day of shorter months, and on the 31st again after them: the
day is kept apart from the dates (`anchor`), so it never wears down to 28. An end is the first day that is not part
of the period any more: it is the next period's start.
"""

import calendar
import dataclasses
from datetime import date, timedelta

MONTHS = {"month": 1, "year": 12}


@dataclasses.dataclass(frozen=True, order=True)
class Period:
    """The days from `start` until the day before `end`."""

    start: date
    end: date

    @property
    def days(self):
        """How many days the period has."""
        return (self.end - self.start).days

    @property
    def last_day(self):
        """The last day that is part of the period, for people."""
        return self.end - timedelta(days=1)

    def days_left(self, day):
        """Return how many days of the period are left at the beginning of a day: from 0 to all of them."""
        return min(max((self.end - day).days, 0), self.days)


def add_months(day, months, anchor):
    """Return the day that lies some months later, on the anchor's day or on the last one of a shorter month.

    :param date day: the day to count from; its own day of the month does not matter
    :param int months: how many, may be negative
    :param int anchor: from 1 to 31, the day of the month that the contract began on
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(anchor, calendar.monthrange(year, month + 1)[1]))


def period(start, interval, anchor):
    """Return the period that begins on a day.

    :param str interval: ``month`` or ``year``
    :raise ValueError: unknown interval, or an anchor that is no day of any month
    """
    if interval not in MONTHS or not 1 <= anchor <= 31:
        raise ValueError(f"no such period: {interval!r}, day {anchor!r}")
    return Period(start, add_months(start, MONTHS[interval], anchor))


def due(start, interval, anchor, today, lead_days=0, until=None):
    """Return the periods that are to be billed by a day, the oldest first.

    What was missed while nothing ran is in it, each period once: a run after a week gives what seven daily runs
    would have given.

    :param date start: where the first period begins that was not billed yet
    :param date today: the day of the run
    :param int lead_days: how many days before it begins a period is billed
    :param date until: the contract's end; no period begins on it or later
    """
    result = []
    while start - timedelta(days=lead_days) <= today and (until is None or start < until):
        result.append(period(start, interval, anchor))
        start = result[-1].end
    return result
