"""What is to be dropped, who asked for it, and the rules of its kind. `dropping` is the door that asks them."""

import dataclasses
import datetime
from collections.abc import Callable

from . import dump_file, naming
from .errors import DropRefusedError


def _sealed(database):
    return "it is sealed, and may be in use" if database and database.sealed else ""


def _there(database):
    return "its database is still there" if database else ""


@dataclasses.dataclass(frozen=True)
class Rule:
    """When something of one kind may go.

    :param frozenset states: those of its record in which it may
    :param bool was_customers: it was in a customer's use: its grace must be over, its last dump must be there and whole
    :param bool needs_dump: the same of the dump alone
    :param bool has_role: it may have a role, sessions, and a row in the directory
    :param refuses: gets the `Database` or None, returns why this one may not go, or ""
    """

    states: frozenset
    was_customers: bool = False
    needs_dump: bool = False
    has_role: bool = True
    refuses: Callable = lambda database: ""


RULES = {
    # An instance that was in use.
    "tenant": Rule(frozenset({"terminating", "terminated"}), was_customers=True, needs_dump=True),
    # What a provisioning has made that nobody was given.
    "attempt": Rule(frozenset({"failed"})),
    "pool": Rule(frozenset({"discarding", "claimed"}), has_role=False),
    "workshop": Rule(frozenset({"discarding"})),
    # What is left of a copy that has become a version of its template.
    "published": Rule(frozenset({"publishing"}), refuses=_there),
    "template": Rule(frozenset({"replaced"})),
    "build": Rule(frozenset({"building"}), refuses=_sealed),
    # What a run that was killed has left under a draft's name.
    "draft": Rule(frozenset({"unfinished"})),
    # Files that have been copied to another service, each of which was looked at.
    "moved": Rule(frozenset({"moved"})),
    # Marked as ours, and no record knows it: a customer's, for all that anybody knows.
    "orphan": Rule(frozenset({"unknown"}), needs_dump=True),
    # The same under a name that only what can be made again has.
    "spare": Rule(frozenset({"unknown"})),
}


@dataclasses.dataclass(frozen=True)
class Order:
    """That somebody wants something dropped.

    :param str kind: one of `RULES`
    :param str key: what it is marked with
    :param str state: of its record, now
    :param str asked_by: who asked: a person, or the job that does it by itself
    :param str why: in a few words, for the log
    :param datetime due: when its grace is over, aware
    :param BackupFile last_backup: the dump that stays, as it was recorded
    """

    kind: str
    key: str
    state: str
    asked_by: str
    why: str
    due: datetime.datetime | None = None
    last_backup: dump_file.BackupFile | None = None

    def check(self):
        """Make sure that the rules of its kind allow it.

        :raise DropRefusedError: says what is missing
        :raise BackupError: the dump is missing or damaged
        """
        naming.role_name(self.key)
        rule = RULES.get(self.kind)
        if rule is None:
            raise self.refused(f"nothing is known of the kind {self.kind!r}")
        if not self.asked_by.strip() or not self.why.strip():
            raise self.refused("nobody says who asked for it and why")
        if self.state not in rule.states:
            raise self.refused(f'its record is "{self.state}", not {" or ".join(sorted(rule.states))}')
        if rule.was_customers and not self._grace_is_over():
            raise self.refused(f"its grace is not over: {self.due or 'no date is set'}")
        if rule.needs_dump:
            self._check_dump()

    def refused(self, reason):
        """Return the error that says why this is not done."""
        return DropRefusedError(f"Not dropped, {self.kind} {self.key}: {reason}.")

    def _grace_is_over(self):
        return self.due is not None and self.due <= datetime.datetime.now(datetime.UTC)

    def _check_dump(self):
        if self.last_backup is None:
            raise self.refused("no dump of it is on record")
        dump_file.check(self.last_backup)


def own_draft(key):
    """Return the order of a run that replaces what a killed one has left of itself."""
    return Order("draft", key, "unfinished", "the run that makes it anew", "left by a run that was killed")
