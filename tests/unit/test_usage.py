"""Days of usage and what alert rules see in them, without a database."""

import datetime

import pytest
from saas_engine import usage, usage_rules
from saas_engine.usage import Counted

TODAY = datetime.date(2026, 3, 1)
YESTERDAY, BEFORE = (TODAY - datetime.timedelta(days=number) for number in (1, 2))


def test_days_between_are_days_without_anything():
    days = usage.by_day(BEFORE, TODAY, {TODAY: Counted(requests=3)}, {}, {"users": 2})
    assert [values["requests"] for values in days.values()] == [0, 0, 3]
    assert [values["is_complete"] for values in days.values()] == [True, True, False]
    assert [values.get("users") for values in days.values()] == [None, None, 2]


def test_the_first_look_begins_with_what_was_counted():
    days = usage.by_day(None, TODAY, {YESTERDAY: Counted(requests=3)}, {BEFORE: 1, YESTERDAY: 1}, {})
    assert list(days) == [YESTERDAY, TODAY]
    assert list(usage.by_day(None, TODAY, {}, {YESTERDAY: 1}, {})) == [TODAY]


def complete(**values):
    return {YESTERDAY: {"is_complete": True, "requests": 0, "errors": 0, **values}}


@pytest.mark.parametrize(
    ("metric", "days", "expected"),
    [
        ("error_rate", complete(requests=200, errors=10), (YESTERDAY, 5.0, 200)),
        ("error_rate", complete(), (YESTERDAY, 0.0, 0)),
        ("error_rate", {YESTERDAY: {"is_complete": False, "requests": 1, "errors": 1}}, None),
        ("error_rate", {TODAY: {"is_complete": False, "requests": 1, "errors": 1}}, None),
        ("active_users", complete(active_users=4), (YESTERDAY, 4, float("inf"))),
        ("active_users", complete(), None),
        ("cron_seconds", complete(cron_seconds=7200.5), (YESTERDAY, 7200.5, float("inf"))),
        ("storage", {TODAY: {"storage_mb": 70.0}, **complete(storage_mb=50.0)}, (TODAY, 70.0, float("inf"))),
        ("storage", complete(storage_mb=50.0), (YESTERDAY, 50.0, float("inf"))),
        ("storage", {BEFORE: {"storage_mb": 50.0}}, None),
        ("storage_growth", {TODAY: {"storage_mb": 75.0}, **complete(storage_mb=50.0)}, (TODAY, 50.0, 25.0)),
        ("storage_growth", {BEFORE: {"storage_mb": 100.0}, **complete(storage_mb=50.0)}, (YESTERDAY, -50.0, -50.0)),
        ("storage_growth", {TODAY: {"storage_mb": 75.0}, BEFORE: {"storage_mb": 10.0}}, None),
        ("storage_growth", {}, None),
    ],
)
def test_what_a_rule_looks_at(metric, days, expected):
    finding = usage_rules.find(metric, days, TODAY)
    assert (finding and (finding.day, finding.value, finding.weight)) == expected


@pytest.mark.parametrize(
    ("value", "weight", "comparison", "minimum", "expected"),
    [
        (5.1, 100, "above", 100, True),
        (5.1, 99, "above", 100, False),
        (5.0, 100, "above", 0, False),
        (5.0, 100, "below", 0, False),
        (4.9, 100, "below", 0, True),
    ],
)
def test_the_threshold_itself_is_neither(value, weight, comparison, minimum, expected):
    finding = usage_rules.Finding(TODAY, value, weight)
    assert usage_rules.matches(finding, comparison, 5, minimum) is expected
