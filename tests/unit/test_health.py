"""What is healthy, degraded and down, and when somebody is told: rules without any I/O."""

import dataclasses

import pytest
from saas_engine import health
from saas_engine.health import DEGRADED, DOWN, HEALTHY, UNKNOWN, FailingCron, Patience, Seen

LIMITS = health.Limits(seconds_slow=5, certificate_days=14, backup_days=2, cron_failures=3)


def judge(*age, **seen):
    reasons = health.judge(Seen(**seen), LIMITS, *age)
    return health.state_of(reasons), [reason["code"] for reason in reasons]


@pytest.mark.parametrize(
    ("seen", "state", "codes"),
    [
        ({"seconds": 0.2}, HEALTHY, []),
        ({"seconds": 5}, HEALTHY, []),
        ({"seconds": 5.1}, DEGRADED, ["page_slow"]),
        ({"page": "page_form", "seconds": 9}, DEGRADED, ["page_form"]),
        ({"page": "page_status", "page_detail": "HTTP 500", "seconds": 0.1}, DOWN, ["page_status"]),
        ({"page": "page_timeout"}, DOWN, ["page_timeout"]),
        ({"page": "page_unreachable"}, DOWN, ["page_unreachable"]),
        ({"certificate_days": 14}, HEALTHY, []),
        ({"certificate_days": 13.9}, DEGRADED, ["certificate_soon"]),
        ({"certificate_days": 0.1}, DEGRADED, ["certificate_soon"]),
        ({"certificate_days": -0.1}, DOWN, ["certificate_expired"]),
        ({"certificate": "certificate_name", "certificate_days": 3}, DOWN, ["certificate_name"]),
        ({"certificate": "tls_unreachable"}, DOWN, ["tls_unreachable"]),
        ({"crons": (FailingCron("Mail", 2),)}, HEALTHY, []),
        ({"crons": (FailingCron("Mail", 3), FailingCron("Bus", 2))}, DEGRADED, ["crons"]),
        ({"database": "refused"}, DEGRADED, ["database"]),
        ({"database": "refused", "page": "page_status"}, DOWN, ["page_status", "database"]),
    ],
)
def test_one_thing_at_a_time(seen, state, codes):
    assert judge(**seen) == (state, codes)


def test_backups():
    assert judge(2) == (HEALTHY, [])
    assert judge(2.1) == (DEGRADED, ["backup_late"])
    assert judge(2.1, False) == (DEGRADED, ["backup_missing"])
    assert judge(None) == (HEALTHY, []), "nobody knows how old it is"
    indifferent = dataclasses.replace(LIMITS, backup_days=0)
    assert not health.judge(Seen(), indifferent, 500, False)


def test_certificates_that_nobody_wants_to_hear_of_early():
    late = dataclasses.replace(LIMITS, certificate_days=0)
    assert not health.judge(Seen(certificate_days=0.5), late)
    [reason] = health.judge(Seen(certificate_days=-0.5), late)
    assert reason["code"] == "certificate_expired"


def test_reasons_carry_what_their_sentences_need():
    seen = Seen(seconds=7.25, certificate_days=3.9, crons=(FailingCron("Mail", 5), FailingCron("Bus", 3)))
    assert health.judge(seen, LIMITS) == [
        {"code": "page_slow", "level": DEGRADED, "seconds": 7.2},
        {"code": "certificate_soon", "level": DEGRADED, "days": 3},
        {"code": "crons", "level": DEGRADED, "count": 2, "name": "Mail", "failures": 5},
    ]


def test_what_could_not_be_looked_at_is_unknown():
    assert health.state_of([health.reason("not_checked", detail="no runtime")]) == UNKNOWN


@pytest.mark.parametrize(
    ("state", "misses", "found", "expected"),
    [
        (HEALTHY, 0, HEALTHY, (HEALTHY, 0, False)),
        (HEALTHY, 0, DEGRADED, (DEGRADED, 0, False)),
        (HEALTHY, 0, DOWN, (HEALTHY, 1, True)),
        (HEALTHY, 1, DOWN, (DOWN, 2, False)),
        (HEALTHY, 1, HEALTHY, (HEALTHY, 0, False)),
        (UNKNOWN, 0, DOWN, (UNKNOWN, 1, True)),
        (DEGRADED, 1, DOWN, (DOWN, 2, False)),
        (DOWN, 2, DOWN, (DOWN, 3, False)),
        (DOWN, 5, DEGRADED, (DEGRADED, 0, False)),
        (DOWN, 5, UNKNOWN, (UNKNOWN, 0, False)),
    ],
)
def test_two_misses_are_an_alarm(state, misses, found, expected):
    assert health.follow(state, misses, found) == expected


def test_patience_ends_and_comes_back():
    patience = Patience(20)
    waited = []
    for _number in range(5):
        waited.append(patience.seconds)
        patience.note(has_timed_out=True)
    assert waited == [20, 20, 20, 4, 4]
    patience.note(has_timed_out=False)
    assert patience.seconds == 20
    hasty = Patience(5)
    for _number in range(3):
        hasty.note(has_timed_out=True)
    assert hasty.seconds == 2, "a registry that is loaded first needs a moment"


def test_three_hundred_tenants_of_a_service_that_hangs_take_minutes():
    """A round in batches of 30: within half an hour, whatever happens."""
    seconds = 0
    for _batch in range(10):
        patience = Patience(10)
        for _tenant in range(30):
            seconds += patience.seconds
            patience.note(has_timed_out=True)
    assert seconds < 30 * 60
