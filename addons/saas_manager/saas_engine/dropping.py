"""The one door through which data go for good: databases, folders, roles. No other file drops any of them.

Whoever wants something gone hands in an `Order`: what it was, in which state its record is, who asked and why. The
door refuses what the rules of its kind don't allow, drops only what carries the mark of the order's key, and writes
down what went.
"""

import contextlib
import dataclasses
import datetime
import logging
import shutil
from collections.abc import Callable

from psycopg2 import errors, sql

from . import databases, dump_file, naming, sessions
from .errors import DropRefusedError, EngineError, NameTakenError

_logger = logging.getLogger(__name__)


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


def drop(cluster, runtime, directory, order, name):
    """Drop entry, folder, database, drafts and role of a key. Runs again after a kill at any point.

    The caller holds the key's lock. The order of the steps makes it repeatable: the database's mark proves that the
    folder is ours, so it goes after the folder.

    :param str name: the database's; one that does not carry the key's mark stays, and so does its folder
    :return: what there was of it and is gone: a list of texts
    :raise DropRefusedError, NameTakenError: nothing was touched
    :raise BackupError: the dump is missing or damaged; nothing was touched
    """
    order.check()
    rule, database = RULES[order.kind], _find(cluster, order, name)
    is_ours = database is not None and database.comment == naming.database_mark(order.key)
    refusal = rule.refuses(database if is_ours else None)
    if refusal:
        raise order.refused(refusal)
    gone = []
    with _written_down(order, gone):
        if rule.has_role:
            directory.withdraw(order.key)
        if is_ours:
            cluster.close(name)  # or a request under way could put a file back
        if is_ours or (database is None and _is_named_after(name, order.key)):
            gone += _drop_folder(runtime, name)
        if is_ours:
            gone += _drop_database(cluster, name)
        gone += _drop_draft(cluster, runtime, order.key)
        if rule.has_role:
            sessions.end(runtime, order.key)
            gone += _drop_role(cluster, order.key)
    return gone


def drop_draft(cluster, order):
    """Drop the database that a killed clone of a key has left under a draft's name.

    :raise DropRefusedError: it is no draft of this key
    """
    order.check()
    gone = []
    with _written_down(order, gone):
        gone += _drop_draft_database(cluster, order.key)


def drop_draft_folder(runtime, order):
    """Drop the folder that a killed copy of a key has left under a draft's name."""
    order.check()
    gone = []
    with _written_down(order, gone):
        gone += _drop_folder(runtime, naming.draft_database(order.key))


def drop_role(cluster, order):
    """Drop the role of a key whose database is gone or sealed. One that is not there is fine.

    :raise EngineError: it still owns something or may still enter some database
    """
    order.check()
    gone = []
    with _written_down(order, gone):
        gone += _drop_role(cluster, order.key)


@contextlib.contextmanager
def _written_down(order, gone):
    """Log what is gone, also when the rest of it failed."""
    try:
        yield
    finally:
        if gone:
            _logger.info("dropped %s (%s, %s): %s", ", ".join(gone), order.kind, order.asked_by, order.why)


def _find(cluster, order, name):
    """Return the database that is meant, or None, or somebody else's of this name.

    :raise DropRefusedError: what has the key's mark has another name
    """
    with cluster.connect() as connection:
        elsewhere = set(databases.marked(connection, order.key)) - {name, naming.draft_database(order.key)}
        if elsewhere:
            raise order.refused(f"what carries its mark is called {', '.join(sorted(elsewhere))}, not {name}")
        database = databases.find(connection, name)
    if database is not None and _is_named_after(name, order.key):
        databases.require_mark(database, name, order.key)
    return database


def _is_named_after(name, key):
    """Tell whether a name of ours carries the key, which proves as much as a mark."""
    ours = {naming.draft_database(key), naming.pool_database(key), naming.workshop_database(key)}
    return name in ours or (naming.TEMPLATE_DATABASE.fullmatch(name) and naming.template_key(name) == key)


def _drop_draft(cluster, runtime, key):
    return [*_drop_folder(runtime, naming.draft_database(key)), *_drop_draft_database(cluster, key)]


def _drop_draft_database(cluster, key):
    name = naming.draft_database(key)
    found = cluster.database(name)
    if found is None:
        return []
    if found.allows_connections or found.comment not in ("", naming.database_mark(key)):
        raise DropRefusedError(f'Not dropped: "{name}" is no draft, somebody has opened or marked it.')
    return _drop_database(cluster, name)


def _drop_database(cluster, name):
    with cluster.connect() as connection:
        found = databases.find(connection, name)
        if found is None:
            return []
        if found.owner != cluster.user:
            raise NameTakenError(f'The database "{name}" is owned by {found.owner}.')
        databases.execute(connection, "ALTER DATABASE {} WITH IS_TEMPLATE false", name)
        databases.close(connection, name)
        databases.execute(connection, "DROP DATABASE IF EXISTS {}", name)
    return [f"database {name}"]


def _drop_folder(runtime, name):
    try:
        shutil.rmtree(runtime.folder(name))
    except FileNotFoundError:
        return []
    return [f"folder {name}"]


def _drop_role(cluster, key):
    role = naming.role_name(key)
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if not cr.fetchone():
            return []
        try:
            cr.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
        except errors.DependentObjectsStillExist as error:
            raise EngineError(f"Role {role} is still in use: {error.diag.message_detail}") from None
    return [f"role {role}"]
