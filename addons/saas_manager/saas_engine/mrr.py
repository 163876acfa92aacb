"""What a change of a contract means for the monthly recurring revenue: pure arithmetic, in the contract's currency."""

from typing import NamedTuple

# Phases of a contract.
NOTHING, TRIAL, RUNNING, PAUSED, ENDED = "nothing", "trial", "running", "paused", "ended"
# Kinds of movements. All but MOVED and the three of trials change the revenue.
NEW, RETURNED, EXPANSION, CONTRACTION, PAUSE, LOST = "new", "returned", "expansion", "contraction", "pause", "lost"
MOVED = "moved"
TRIAL_STARTED, TRIAL_CONVERTED, TRIAL_LOST = "trial_started", "trial_converted", "trial_lost"


class Position(NamedTuple):
    """Where a contract stands.

    :param str phase: one of the phases above
    :param amount: what it brings in a month; of one that is paused, what it would bring
    :param terms: what is compared beside the amount, such as plan and interval
    """

    phase: str = NOTHING
    amount: float = 0
    terms: tuple = ()


def movements(before, after):
    """Return what has happened between two moments.

    :param Position before: where the contract stood
    :param Position after: where it stands
    :return: a list of (kind, amount); the amounts of a contract add up to what it brings at the end
    """
    return [*_trial(before, after), *_revenue(before, after)]


def _trial(before, after):
    if before.phase == TRIAL and after.phase == RUNNING:
        return [(TRIAL_CONVERTED, 0)]
    if before.phase == TRIAL and after.phase == ENDED:
        return [(TRIAL_LOST, 0)]
    if before.phase in (NOTHING, ENDED) and after.phase == TRIAL:
        return [(TRIAL_STARTED, 0)]
    return []


def _revenue(before, after):
    if before.phase in (RUNNING, PAUSED):
        return _revenue_of_a_running_one(before, after)
    if after.phase not in (RUNNING, PAUSED):
        return []
    begun = [(RETURNED if before.phase == ENDED else NEW, after.amount)]
    return begun + ([(PAUSE, -after.amount)] if after.phase == PAUSED else [])


def _revenue_of_a_running_one(before, after):
    back = [(PAUSE, before.amount)] if before.phase == PAUSED else []
    if after.phase not in (RUNNING, PAUSED):
        return [*back, (LOST, -before.amount)]
    if (before.phase, before.amount, before.terms) == (after.phase, after.amount, after.terms):
        return []
    if before.phase == after.phase == PAUSED:
        # It brings nothing, whatever it would cost: that counts when it runs again.
        return []
    away = [(PAUSE, -after.amount)] if after.phase == PAUSED else []
    return [*back, *_difference(before, after), *away]


def _difference(before, after):
    change = after.amount - before.amount
    if change:
        return [(EXPANSION if change > 0 else CONTRACTION, change)]
    return [(MOVED, 0)] if before.terms != after.terms else []


def share_of_booked(booked, level, amount):
    """Return what of a booked amount goes when a part of the level goes: all of it with all of the level.

    What was booked at the rate of its day leaves at that rate; what a currency has gained since is no contraction.

    :param booked: what the level was booked with, in the company's currency
    :param level: in the contract's currency, more than 0
    :param amount: of the level, what goes
    """
    return booked if amount == level else booked * amount / level
