"""What a contract does next: the decisions one by one. Two years of them: test_contract_years.py."""

import dataclasses
from datetime import date

import pytest
from saas_engine import contract as contracts
from saas_engine.contract import Contract
from saas_engine.periods import Period

RUNS = Contract("active", "month", 31, date(2026, 2, 28))


def changed(**values):
    return dataclasses.replace(RUNS, **values)


def test_when_the_next_period_is_billed():
    assert contracts.next_bill_day(RUNS, 7) == date(2026, 2, 21)
    for values in ({"state": "trial"}, {"is_changing": True}, {"is_invoiced": False}):
        assert contracts.next_bill_day(changed(**values), 7) == date(2026, 2, 28), values


@pytest.mark.parametrize(
    "values",
    [
        {"state": "suspended"},
        {"state": "draft"},
        {"state": "cancelled"},
        {"auto_renew": False},
        {"next_start": None},
        {"cancel_on": date(2026, 2, 28)},
    ],
)
def test_who_is_not_billed(values):
    assert contracts.next_bill_day(changed(**values), 7) is None
    assert contracts.due_period(changed(**values), date(2027, 1, 1), 7) is None
    assert contracts.due_period(changed(cancel_on=date(2026, 3, 1)), date(2027, 1, 1), 7), "the control"


def test_the_oldest_period_comes_first():
    assert contracts.due_period(RUNS, date(2026, 2, 20), 7) is None
    for day in (date(2026, 2, 21), date(2026, 8, 1)):
        assert contracts.due_period(RUNS, day, 7) == Period(date(2026, 2, 28), date(2026, 3, 31))
    assert contracts.due_period(changed(auto_renew=False), date(2026, 1, 1), 7, is_forced=True)
    assert not contracts.due_period(changed(state="suspended"), date(2026, 1, 1), 7, is_forced=True)


def test_the_end():
    day = date(2026, 2, 28)
    assert contracts.over(RUNS, date(2027, 1, 1)) is None
    assert contracts.over(changed(cancel_on=day), date(2026, 2, 27)) is None
    assert contracts.over(changed(cancel_on=day), day) == ("cancelled", "customer")
    assert contracts.over(changed(auto_renew=False), day) == ("expired", "not_renewed")
    assert contracts.over(changed(auto_renew=False, state="trial"), day) == ("expired", "trial")
    assert contracts.over(changed(cancel_on=day, state="cancelled"), day) is None
    assert contracts.is_used_up(changed(auto_renew=False), day) and not contracts.is_used_up(RUNS, day)


def test_what_was_paid_is_used_up():
    billed = [Period(date(2026, 1, 31), date(2026, 2, 28)), Period(date(2026, 2, 28), date(2026, 3, 31))]
    today = date(2026, 2, 21)
    assert contracts.last_paid_end(RUNS, billed, None, today) == date(2026, 2, 28), "the one that runs, not the next"
    assert contracts.last_paid_end(RUNS, [], None, today) == today
    trial = changed(state="trial")
    assert contracts.last_paid_end(trial, [], date(2026, 2, 28), today) == date(2026, 2, 28)


def test_days_without_service_are_not_billed():
    today = date(2026, 3, 10)
    assert contracts.restart_day(changed(state="suspended"), today) == today
    assert contracts.restart_day(changed(state="suspended"), date(2026, 2, 1)) is None, "they are paid"
    assert contracts.restart_day(changed(state="past_due"), today) is None, "it was never off"


def test_what_a_payment_brings_back():
    suspended, late = changed(state="suspended"), changed(state="past_due")
    gone = changed(state="expired", end_cause="unpaid")
    assert [contracts.is_held_by_payment(each, True) for each in (suspended, late, gone, RUNS)] == [True] * 3 + [False]
    assert not contracts.is_held_by_payment(suspended, False), "a person has suspended it"
    assert not contracts.is_held_by_payment(changed(state="expired", end_cause="not_renewed"), True)
    for each in (suspended, late, gone):
        assert contracts.state_after_payment(each, False, True) == "active"
        assert contracts.state_after_payment(each, True, False) is None
    assert contracts.state_after_payment(suspended, True, True) == "past_due", "a younger invoice has its own grace"
    assert contracts.state_after_payment(late, True, True) is None
    assert contracts.state_after_payment(changed(state="past_due", is_invoiced=False), False, True) is None


def test_no_way_out_of_nowhere():
    states = set(contracts.TRANSITIONS) | {"draft"}
    assert {source for sources in contracts.TRANSITIONS.values() for source in sources} <= states
    assert all(state not in sources for state, sources in contracts.TRANSITIONS.items())
