"""What is on paper about one contract: terms, periods, invoices."""

import dataclasses
from datetime import date
from decimal import Decimal

from saas_engine import periods


@dataclasses.dataclass
class Line:
    """Part of an invoice or, with a minus, of what is given back: an amount for some days of a row."""

    days: periods.Period
    amount: Decimal


@dataclasses.dataclass
class Row:
    """A period that was billed.

    :param int days: how many it had when it was billed
    """

    start: date
    end: date
    days: int
    is_void: bool = False
    lines: list = dataclasses.field(default_factory=list)
    credited: Decimal = Decimal(0)

    @property
    def total(self):
        return sum((line.amount for line in self.lines), Decimal(0)) - self.credited

    @property
    def period(self):
        return periods.Period(self.start, self.end)


@dataclasses.dataclass
class Invoice:
    """A posted invoice.

    :param dict done: code of a step -> whether a payment has undone it
    """

    day: date
    due: date
    amount: Decimal
    left: Decimal
    done: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Terms:
    """What was agreed."""

    price: Decimal
    interval: str = "month"
    extras: Decimal = Decimal(0)
    percent: int = 0
    discounted: int = 0  # for how many periods; 0: for all

    @property
    def full(self):
        return self.price + self.extras
