"""What a contract does next: decisions on a day, from what is on record. Models write down and carry out.

No clock, no database: two years of many contracts are lived through in seconds (tests/unit/test_contract_years.py), by
the same decisions that an installation takes.
"""

import dataclasses
from datetime import date, timedelta

from . import periods

# From which states each state may be reached.
TRANSITIONS = {
    "trial": ("draft", "suspended"),
    "active": ("draft", "trial", "past_due", "suspended", "cancelled", "expired"),
    "past_due": ("active", "suspended", "expired"),
    "suspended": ("trial", "active", "past_due"),
    "cancelled": ("draft", "trial", "active", "past_due", "suspended"),
    "expired": ("trial", "active", "past_due", "suspended"),
}
# While these last, periods follow each other. What is suspended is not used, and is not billed.
BILLED_STATES = ("trial", "active", "past_due")
LIVE_STATES = (*BILLED_STATES, "suspended")
ENDED_STATES = ("cancelled", "expired")
DUNNED_STATES = ("active", "past_due", "suspended")


@dataclasses.dataclass(frozen=True)
class Contract:
    """What the decisions are taken from.

    :param str state: see `TRANSITIONS`
    :param str interval: ``month`` or ``year``
    :param int anchor: the day of the month that periods begin on
    :param date next_start: the first day that is not billed yet; None before it began
    :param bool auto_renew: whether one period follows the other by itself
    :param date cancel_on: the first day without service, or None
    :param bool is_invoiced: whether invoices are made and watched here
    :param bool is_changing: whether another plan or interval begins with the next period
    :param str end_cause: why it ended: ``unpaid``, or anything else
    """

    state: str
    interval: str = "month"
    anchor: int = 1
    next_start: date | None = None
    auto_renew: bool = True
    cancel_on: date | None = None
    is_invoiced: bool = True
    is_changing: bool = False
    end_cause: str | None = None


# === PERIODS === #


def lead_days(contract, days):
    """Return how many days before it begins a period is billed.

    A trial is not billed before it is over, and a change of plan not before it happens.

    :param int days: what is usual
    """
    return days if contract.is_invoiced and contract.state != "trial" and not contract.is_changing else 0


def next_bill_day(contract, days):
    """Return the day on which the next period is billed, or None when none will be.

    :param int days: how many days before it begins a period is usually billed
    """
    start = contract.next_start
    goes_on = contract.state in BILLED_STATES and contract.auto_renew
    if not start or not goes_on or (contract.cancel_on and contract.cancel_on <= start):
        return None
    return start - timedelta(days=lead_days(contract, days))


def due_period(contract, today, days, is_forced=False):
    """Return the oldest Period that is to be billed by a day, or None. It is asked again after each.

    What was missed while nothing ran comes one after the other, so a late run ends where daily runs end.

    :param int days: how many days before it begins a period is usually billed
    :param bool is_forced: bill the next one whatever the day is: a contract begins
    """
    if contract.state not in BILLED_STATES or not contract.next_start:
        return None
    day = today if is_forced else next_bill_day(contract, days)
    if day is None or day > today:
        return None
    return periods.period(contract.next_start, contract.interval, contract.anchor)


def is_change_due(contract, today):
    """Tell whether the day of a planned change has come."""
    return bool(contract.is_changing and contract.next_start and contract.next_start <= today)


# === PAUSES AND THE END === #


def over(contract, today):
    """Return the state and the cause with which a contract ends by a day, or None while it goes on."""
    if contract.state not in LIVE_STATES:
        return None
    if contract.cancel_on and contract.cancel_on <= today:
        return "cancelled", "customer"
    if is_used_up(contract, today):
        return "expired", "trial" if contract.state == "trial" else "not_renewed"
    return None


def is_used_up(contract, today):
    """Tell whether a contract that does not renew itself has no paid day left."""
    return bool(not contract.auto_renew and contract.next_start and contract.next_start <= today)


def last_paid_end(contract, billed, trial_end, today):
    """Return the day on which a contract ends that is cancelled for the end of what was paid.

    A period that has not begun is never used, so it does not count.

    :param billed: the periods that were billed and not given back
    :param date trial_end: the first day after the trial, or None
    """
    running = [period.end for period in billed if period.start <= today < period.end]
    if running:
        return max(running)
    return max(today, trial_end or today) if contract.state == "trial" else today


def restart_day(contract, today):
    """Return the first day of the next period when a contract comes back, or None where it stays as it was.

    Days on which everything was off are not billed.
    """
    is_behind = contract.next_start and contract.next_start < today
    return today if is_behind and contract.state != "past_due" else None


# === PAYMENTS === #


def is_held_by_payment(contract, was_switched_off):
    """Tell whether a payment may bring a contract back. What a person has suspended, a person resumes.

    :param bool was_switched_off: whether an invoice that was not paid has suspended it
    """
    if contract.state == "suspended":
        return was_switched_off
    return contract.state == "past_due" or (contract.state == "expired" and contract.end_cause == "unpaid")


def state_after_payment(contract, is_late, is_reason_paid):
    """Return the state in which a contract that is held by payment comes back, or None where it stays as it is.

    :param bool is_late: whether an invoice is still overdue
    :param bool is_reason_paid: whether the oldest overdue one is another than that which has switched it off: that
        one is within its own grace
    """
    if contract.state == "past_due":
        return None if is_late or not contract.is_invoiced else "active"
    if not is_late:
        return "active"
    return "past_due" if is_reason_paid else None


def is_dunned(contract):
    """Tell whether invoices that are not paid have consequences in this state."""
    return contract.is_invoiced and contract.state in DUNNED_STATES
