"""What a change of a contract means for the recurring revenue."""

import itertools

import pytest
from saas_engine import mrr
from saas_engine.mrr import ENDED, NOTHING, PAUSED, RUNNING, TRIAL, Position

START, TRIED = Position(), Position(TRIAL, 30, "a")
RUNS, PAUSES, ENDS = Position(RUNNING, 30, "a"), Position(PAUSED, 30, "a"), Position(ENDED, 30, "a")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (START, RUNS, [("new", 30)]),
        (START, TRIED, [("trial_started", 0)]),
        (TRIED, TRIED._replace(amount=40), []),
        (TRIED, RUNS, [("trial_converted", 0), ("new", 30)]),
        (TRIED, ENDS, [("trial_lost", 0)]),
        (START, ENDS, []),
        (RUNS, RUNS, []),
        (RUNS, RUNS._replace(amount=45), [("expansion", 15)]),
        (RUNS, RUNS._replace(amount=10, terms="b"), [("contraction", -20)]),
        (RUNS, RUNS._replace(terms="b"), [("moved", 0)]),
        (RUNS, PAUSES, [("pause", -30)]),
        (PAUSES, RUNS, [("pause", 30)]),
        (PAUSES, RUNS._replace(amount=35), [("pause", 30), ("expansion", 5)]),
        (PAUSES, PAUSES._replace(amount=35), []),
        (PAUSES, ENDS, [("pause", 30), ("lost", -30)]),
        (RUNS, ENDS, [("lost", -30)]),
        (ENDS, RUNS, [("returned", 30)]),
        (ENDS, TRIED, [("trial_started", 0)]),
        (RUNS, PAUSES._replace(amount=40), [("expansion", 10), ("pause", -40)]),
    ],
)
def test_what_has_happened(before, after, found):
    assert mrr.movements(before, after) == found


def test_movements_add_up_whatever_the_way():
    """Any way through the phases: the sum is what the contract brings at its end."""
    stations = [RUNS, PAUSES, ENDS, RUNS._replace(amount=45), TRIED, PAUSES._replace(amount=7)]
    for way in itertools.product(stations, repeat=4):
        position, total = START, 0
        for station in way:
            found = mrr.movements(position, station)
            total += sum(amount for _kind, amount in found)
            # What is paused keeps its level, as the log does: what it would cost then counts when it runs again.
            level = position.amount + sum(amount for kind, amount in found if kind != mrr.PAUSE)
            position = station._replace(amount=level if station.phase == PAUSED else station.amount)
        assert total == (way[-1].amount if way[-1].phase == RUNNING else 0), way


def test_what_goes_leaves_with_what_it_was_booked_with():
    assert mrr.share_of_booked(17.5, 40, 10) == 4.375
    assert mrr.share_of_booked(13.12, 30, 30) == 13.12


def test_nothing_is_a_phase_too():
    assert Position().phase == NOTHING
