"""What an alert rule looks at, and whether it matches.

Counted things are judged when their day is over, present things at the newest look. Where something needed is not known
nothing is said: neither that a rule matches nor that it does not.
"""

import dataclasses
import datetime
import math

ONE_DAY = datetime.timedelta(days=1)
COUNTED = {"requests": "requests", "active_users": "active_users", "mails": "mails", "cron_seconds": "cron_seconds"}
PRESENT = {"storage": "storage_mb", "users": "users"}


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a rule has looked at.

    :param date day: that it tells of
    :param float value: what is compared with the threshold
    :param float weight: what is compared with the rule's minimum
    """

    day: datetime.date
    value: float
    weight: float = math.inf


def find(metric, days, today):
    """Return the Finding of one instance, or None if it can't be told.

    :param str metric: `storage_growth` (percent), `error_rate` (percent), or a key of `COUNTED` or `PRESENT`
    :param dict days: day -> {name: value}; what is not known is not there
    :param date today: of UTC
    """
    if metric == "storage_growth":
        return _growth(days, today)
    if metric == "error_rate":
        return _error_rate(days, today - ONE_DAY)
    if metric in PRESENT:
        return _present(PRESENT[metric], days, today)
    return _complete(COUNTED[metric], days, today - ONE_DAY)


def matches(finding, comparison, threshold, minimum=0):
    """Tell whether a Finding is what a rule rings for.

    :param str comparison: ``above`` or ``below``; the threshold itself is neither
    :param float minimum: what weighs less than this is not worth an alert
    """
    if finding.weight < minimum:
        return False
    return finding.value > threshold if comparison == "above" else finding.value < threshold


def _growth(days, today):
    present = _present("storage_mb", days, today)
    before = days.get(present.day - ONE_DAY, {}).get("storage_mb") if present else None
    if not before:
        return None
    grown = present.value - before
    return Finding(present.day, 100 * grown / before, grown)


def _error_rate(days, day):
    values = days.get(day, {})
    if not values.get("is_complete"):
        return None
    requests = values["requests"]
    return Finding(day, 100 * values["errors"] / requests if requests else 0.0, requests)


def _present(name, days, today):
    for day in (today, today - ONE_DAY):
        if name in days.get(day, {}):
            return Finding(day, days[day][name])
    return None


def _complete(name, days, day):
    values = days.get(day, {})
    return Finding(day, values[name]) if values.get("is_complete") and name in values else None
