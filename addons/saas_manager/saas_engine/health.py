"""Is a tenant well? The rules alone: what was seen, what it means, and what follows from it. Nothing is asked here.

A reason is a plain dict: its `code`, how bad it is (`level`: one of the states), and what its sentence needs. It is
kept as it is; the words are found when somebody reads them, in their language.
"""

import dataclasses

HEALTHY, DEGRADED, DOWN, UNKNOWN = "healthy", "degraded", "down", "unknown"
MISSES_UNTIL_DOWN = 2
# What is wrong with a page or a certificate, and how bad that is. A page without a form is an answer all the same:
# customers change their pages.
LEVELS = {
    "page_unreachable": DOWN,
    "page_timeout": DOWN,
    "page_status": DOWN,
    "page_form": DEGRADED,
    "page_slow": DEGRADED,
    "tls_unreachable": DOWN,
    "certificate_name": DOWN,
    "certificate_expired": DOWN,
    "certificate_soon": DEGRADED,
    "database": DEGRADED,
    "crons": DEGRADED,
    "backup_late": DEGRADED,
    "backup_missing": DEGRADED,
    "not_checked": UNKNOWN,
}
_WORST_FIRST = (DOWN, DEGRADED)


@dataclasses.dataclass(frozen=True)
class Limits:
    """What an installation takes for ill.

    :param seconds_slow: an answer that takes longer is slow
    :param certificate_days: a certificate must be good for so many days at least; 0: it must be good
    :param backup_days: a backup must not be older than so many days; 0: backups don't matter
    :param cron_failures: a scheduled action may fail less often than this in a row
    """

    seconds_slow: float
    certificate_days: int
    backup_days: int
    cron_failures: int


@dataclasses.dataclass(frozen=True)
class FailingCron:
    """A scheduled action of the tenant that has failed: its name, and how often in a row."""

    name: str
    failures: int


@dataclasses.dataclass(frozen=True)
class Seen:
    """What one look at a tenant has found.

    :param str page: what is wrong with the login page, a code of `LEVELS`; "" when it is fine
    :param str page_detail: what was seen in its place, for whoever repairs it
    :param seconds: how long the answer took; None where there was none
    :param str certificate: what is wrong with the handshake, a code of `LEVELS`; "" when it is fine
    :param certificate_until: when the certificate ends (aware, UTC); None where none was looked at
    :param certificate_days: how many days that is from now, negative when it has passed
    :param str database: why the tenant's database could not be asked; "" when it could
    :param tuple crons: its scheduled actions that fail (`FailingCron`), the worst first
    """

    page: str = ""
    page_detail: str = ""
    seconds: float | None = None
    certificate: str = ""
    certificate_detail: str = ""
    certificate_until: object = None
    certificate_days: float | None = None
    database: str = ""
    crons: tuple = ()

    @property
    def has_timed_out(self):
        """Whether the service let somebody wait in vain."""
        return self.page == "page_timeout"


def judge(seen, limits, days_without_backup=None, has_backup=True):
    """Return the reasons why a tenant is not well, the worst first; none when it is.

    :param Seen seen: what was found
    :param Limits limits: what counts as ill
    :param days_without_backup: the age of the last backup in days, or of the tenant where there is none
    :param has_backup: whether there is one at all
    """
    reasons = [*_of_page(seen, limits), *_of_certificate(seen, limits), *_of_database(seen, limits)]
    if limits.backup_days and (days_without_backup or 0) > limits.backup_days:
        code = "backup_late" if has_backup else "backup_missing"
        reasons.append(reason(code, days=int(days_without_backup)))
    return sorted(reasons, key=lambda each: _WORST_FIRST.index(each["level"]))


def reason(code, **values):
    """Return a reason: its code, its level, and the values that its sentence needs."""
    return {"code": code, "level": LEVELS[code], **values}


def state_of(reasons):
    """Return the state that reasons amount to: the worst of them."""
    levels = {each["level"] for each in reasons}
    return next((level for level in (UNKNOWN, *_WORST_FIRST) if level in levels), HEALTHY)


def follow(state, misses, found):
    """Tell what comes of a look: one miss alone is no alarm.

    :param str state: what it was until now
    :param int misses: how many looks in a row have found it down until now
    :param str found: the state that this look has found
    :return: (the state from now on, misses, whether to look again soon)
    """
    if found != DOWN:
        return found, 0, False
    misses += 1
    if state == DOWN or misses >= MISSES_UNTIL_DOWN:
        return DOWN, misses, False
    return state, misses, True


class Patience:
    """How long to wait for an answer of one service: long, until it has let several people wait in vain.

    It bounds the time of a round through hundreds of tenants of a service that hangs.

    :param float seconds: for the first ones
    """

    MISSES, SHARE, LEAST = 3, 5, 2

    def __init__(self, seconds):
        self._seconds, self._misses = seconds, 0

    @property
    def seconds(self):
        """For how long the next answer is waited for."""
        return self._seconds if self._misses < self.MISSES else max(self._seconds / self.SHARE, self.LEAST)

    def note(self, has_timed_out):
        """Learn from a look: any answer restores the patience."""
        self._misses = self._misses + 1 if has_timed_out else 0


def _of_page(seen, limits):
    if seen.page:
        return [reason(seen.page, detail=seen.page_detail)]
    if seen.seconds is not None and seen.seconds > limits.seconds_slow:
        return [reason("page_slow", seconds=round(seen.seconds, 1))]
    return []


def _of_certificate(seen, limits):
    if seen.certificate:
        return [reason(seen.certificate, detail=seen.certificate_detail)]
    days = seen.certificate_days
    if days is None:
        return []
    if days < 0:
        return [reason("certificate_expired")]
    return [reason("certificate_soon", days=int(days))] if days < limits.certificate_days else []


def _of_database(seen, limits):
    reasons = [reason("database", detail=seen.database)] if seen.database else []
    failing = [cron for cron in seen.crons if cron.failures >= limits.cron_failures]
    if failing:
        worst = failing[0]
        reasons.append(reason("crons", count=len(failing), name=worst.name, failures=worst.failures))
    return reasons
