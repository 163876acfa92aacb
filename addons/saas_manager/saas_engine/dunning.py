"""What happens to a contract whose invoice is not paid, and when: a calendar, nothing else.

Each step has a code that stays the same for one unpaid invoice, so that whoever carries the steps out can write down
which are done and does each at most once.
"""

import dataclasses
from datetime import date, timedelta

PAST_DUE, REMINDER, SUSPEND, NOTICE, TERMINATE = "past_due", "reminder", "suspend", "notice", "terminate"
# What happens first on the same day.
ORDER = {PAST_DUE: 0, REMINDER: 1, SUSPEND: 2, NOTICE: 3, TERMINATE: 4}


@dataclasses.dataclass(frozen=True)
class Policy:
    """How long a partner waits. All days count from the day the invoice was due.

    :param tuple reminder_days: after how many days a reminder goes out
    :param int grace_days: after how many days the resources are switched off
    :param int retention_days: for how many days after that they are kept
    :param int notice_days: how many days before the termination the customer hears of it; 0: not at all
    """

    reminder_days: tuple = (1, 5, 10)
    grace_days: int = 14
    retention_days: int = 30
    notice_days: int = 7


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do.

    :param str kind: ``past_due``, ``reminder``, ``suspend``, ``notice`` or ``terminate``
    :param date day: when it is due
    :param str code: names the step within its schedule, such as ``reminder-5``
    """

    kind: str
    day: date
    code: str


def schedule(due_date, policy):
    """Return all steps that follow from a day of payment that passes, in order.

    A reminder that would come after the resources are off is left out: by then the customer knows. A notice comes
    with the suspension at the earliest.

    :param date due_date: the last day on which payment is in time
    """
    end = policy.grace_days + policy.retention_days
    reminders = sorted({days for days in policy.reminder_days if 0 < days < policy.grace_days})
    steps = [(PAST_DUE, 1), *((REMINDER, days) for days in reminders)]
    steps += [(SUSPEND, max(policy.grace_days, 1)), (TERMINATE, max(end, 1))]
    if policy.notice_days and policy.retention_days:
        steps.append((NOTICE, max(end - policy.notice_days, policy.grace_days, 1)))
    made = [Step(kind, due_date + timedelta(days=days), _code(kind, days)) for kind, days in steps]
    return sorted(made, key=lambda step: (step.day, ORDER[step.kind]))


def due(steps, done, today):
    """Return the steps to carry out by a day, in order, and those to pass over.

    After a downtime several reminders may have come due: the customer gets the last one only, the others are passed
    over and count as done.

    :param list steps: of `schedule`
    :param done: codes of the steps that were carried out or passed over
    :return: two lists of steps
    """
    open_steps = [step for step in steps if step.day <= today and step.code not in done]
    reminders = [step for step in open_steps if step.kind == REMINDER]
    # Somebody who is switched off in the same run hears of that, and needs no reminder before it.
    suspends = any(step.kind == SUSPEND for step in open_steps)
    passed_over = reminders if suspends else reminders[:-1]
    return [step for step in open_steps if step not in passed_over], passed_over


def upcoming(steps, done):
    """Return the steps that are still to come or to be carried out, in order."""
    return [step for step in steps if step.code not in done]


def _code(kind, days):
    # Reminders alone come several times. Their code says which: a policy that changes must not repeat one.
    return f"{kind}-{days}" if kind == REMINDER else kind
