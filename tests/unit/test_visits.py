"""Since when each cron worker has been at one visit, as all of them read it."""

import pytest
from support import addon_files

visits = addon_files.load("saas_gateway", "visits")


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def shared(clock):
    return visits.Visits(3, lambda: clock[0])


def test_nobody_is_stuck_at_first(shared):
    assert shared.stuck() == []


def test_a_worker_is_stuck_while_its_visit_takes_long(shared, clock):
    shared.begin(1)
    assert shared.stuck() == []
    clock[0] += visits.STUCK
    assert shared.stuck() == [1]
    shared.end(1)
    assert shared.stuck() == []


def test_each_visit_counts_for_itself(shared, clock):
    for number in (0, 2, 0):
        shared.begin(number)
        clock[0] += visits.STUCK * 0.6
    assert shared.stuck() == [2]
