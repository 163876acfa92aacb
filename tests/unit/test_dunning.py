"""The calendar of an invoice that is not paid."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from saas_engine import dunning
from saas_engine.dunning import Policy

DUE = date(2026, 2, 27)
DAYS = st.integers(0, 60)
POLICIES = st.builds(Policy, st.lists(DAYS, max_size=5).map(tuple), DAYS, DAYS, DAYS)


def calendar(steps):
    return [(step.code, (step.day - DUE).days) for step in steps]


def test_the_usual_calendar():
    assert calendar(dunning.schedule(DUE, Policy())) == [
        ("past_due", 1),
        ("reminder-1", 1),
        ("reminder-5", 5),
        ("reminder-10", 10),
        ("suspend", 14),
        ("notice", 37),
        ("terminate", 44),
    ]
    assert dunning.schedule(DUE, Policy())[0].day == date(2026, 2, 28)


def test_no_reminder_once_it_is_off_and_none_twice():
    found = calendar(dunning.schedule(DUE, Policy(reminder_days=(3, 14, 3, 20, 0), notice_days=0)))
    assert found == [("past_due", 1), ("reminder-3", 3), ("suspend", 14), ("terminate", 44)]


def test_a_notice_never_comes_before_the_suspension():
    found = calendar(dunning.schedule(DUE, Policy((), grace_days=5, retention_days=3, notice_days=30)))
    assert found == [("past_due", 1), ("suspend", 5), ("notice", 5), ("terminate", 8)]


def test_due_day_by_day():
    steps = dunning.schedule(DUE, Policy())
    assert dunning.due(steps, set(), DUE) == ([], [])
    now, passed_over = dunning.due(steps, set(), DUE + timedelta(days=1))
    assert [step.code for step in now] == ["past_due", "reminder-1"] and not passed_over
    assert dunning.due(steps, {"past_due", "reminder-1"}, DUE + timedelta(days=4)) == ([], [])


def test_after_a_downtime_the_last_reminder_only():
    steps = dunning.schedule(DUE, Policy())
    now, passed_over = dunning.due(steps, {"past_due"}, DUE + timedelta(days=11))
    assert [step.code for step in now] == ["reminder-10"]
    assert [step.code for step in passed_over] == ["reminder-1", "reminder-5"]


def test_no_reminder_in_the_run_that_suspends():
    now, passed_over = dunning.due(dunning.schedule(DUE, Policy()), set(), DUE + timedelta(days=20))
    assert [step.code for step in now] == ["past_due", "suspend"]
    assert len(passed_over) == 3


def test_what_comes_next():
    left = dunning.upcoming(dunning.schedule(DUE, Policy()), {"past_due", "reminder-1", "reminder-5", "reminder-10"})
    assert [step.kind for step in left] == ["suspend", "notice", "terminate"]


@given(policy=POLICIES, runs=st.lists(st.integers(0, 130), max_size=15))
def test_late_runs_end_where_daily_runs_end(policy, runs):
    """Each step at most once, in order; who is off and who is gone does not depend on when the runs were."""
    steps = dunning.schedule(DUE, policy)
    last = DUE + timedelta(days=max(runs, default=0))

    def run(days):
        done, carried_out = set(), []
        for day in days:
            now, passed_over = dunning.due(steps, done, day)
            carried_out += now
            done.update(step.code for step in [*now, *passed_over])
        return done, carried_out

    daily = run([DUE + timedelta(days=days) for days in range((last - DUE).days + 1)])
    late = run([DUE + timedelta(days=days) for days in sorted(runs)])
    assert daily[0] == late[0] or not runs
    for _done, carried_out in (daily, late):
        codes = [step.code for step in carried_out]
        assert len(codes) == len(set(codes))
        assert [step.kind for step in carried_out if step.kind != "reminder"] == [
            step.kind for step in steps if step in carried_out and step.kind != "reminder"
        ]
