"""Amounts for a part of a period, to the last coin.

Everything is `Decimal`. A currency is known by its smallest step: 0.01, 1 (yen, rupiah), 0.001 (dinar), 0.05 (where
cash rounds). Halves are rounded away from zero, as Odoo does by default.
"""

import dataclasses
from decimal import ROUND_HALF_UP, Decimal


@dataclasses.dataclass(frozen=True)
class Change:
    """What a change in the middle of a period costs.

    :param Decimal credit: what was paid for days that the old plan will not be used
    :param Decimal charge: what the new plan costs for those days
    :param int days: how many days are left
    :param int of_days: how many days the period has
    """

    credit: Decimal
    charge: Decimal
    days: int
    of_days: int

    @property
    def amount(self):
        """What is to be paid; negative: to be given back."""
        return self.charge - self.credit


def exact(amount):
    """Return a number of Odoo as the Decimal that people read: 0.1 is 0.1, not its binary neighbour."""
    return amount if isinstance(amount, Decimal) else Decimal(str(amount))


def rounded(amount, step):
    """Return an amount as a whole number of a currency's smallest steps.

    :raise ValueError: a step that is not positive
    """
    amount, step = exact(amount), exact(step)
    if step <= 0:
        raise ValueError(f"a currency's step can't be {step}")
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def share(amount, period, day, step):
    """Return what the days of a period that are left at the beginning of a day are worth.

    :param amount: what the whole period costs
    :param Period period: see `periods`
    :param date day: the first day that counts
    :param step: the currency's smallest step
    """
    return rounded(exact(amount) * period.days_left(day) / period.days, step)


def change(old, new, period, day, step):
    """Return the Change from one price to another from a day on.

    :param old: what the present plan costs for the whole period
    :param new: what the new plan costs for the whole period
    """
    return Change(share(old, period, day, step), share(new, period, day, step), period.days_left(day), period.days)


def discounted(amount, percent, fixed, step):
    """Return an amount less a discount, never below zero.

    :param percent: of the amount, from 0 to 100
    :param fixed: an amount, taken off after the percentage
    """
    left = exact(amount) * (100 - exact(percent)) / 100 - exact(fixed)
    return max(rounded(left, step), Decimal(0))
