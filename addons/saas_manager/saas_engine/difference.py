"""What a comparison of records and server works with: what is recorded, what is known, and a difference."""

import dataclasses
import datetime
import re

from . import naming
from .directory import TenantEntry

DRAFT = re.compile("new_(" + naming.TENANT_KEY.pattern + ")")
SPARE = re.compile("(new|pool|work)_" + naming.TENANT_KEY.pattern + "|" + naming.TEMPLATE_DATABASE.pattern)
DRAFT_AGE = datetime.timedelta(hours=1)
# Whether a database of ours may be entered: by its tenant, by nobody, or by nobody but cloned.
OPEN, CLOSED, SEALED = "open", "closed", "sealed"


@dataclasses.dataclass(frozen=True)
class Record:
    """What a record of the manager says that there should be.

    :param str kind: ``instance``, ``template``, ``workshop`` or ``pool``
    :param str name: of its database and of its folder
    :param str runtime: the code of the runtime that has the folder
    :param str state: of the record, for people
    :param str database: OPEN, CLOSED or SEALED; "": there should be none, no folder and no role either
    :param dict limits: of its role; None: it should have none
    :param TenantEntry entry: what the directory should say; None: nothing
    :param tuple redirects: hosts that should lead on to it
    :param bool is_busy: a job is at work on it, so that nothing about it is wrong yet
    """

    kind: str
    key: str
    name: str
    runtime: str = "shared"
    state: str = ""
    database: str = ""
    limits: dict | None = None
    entry: TenantEntry | None = None
    redirects: tuple = ()
    is_busy: bool = False


@dataclasses.dataclass(frozen=True)
class Known:
    """Whatever the manager knows, also what was not looked at in detail.

    :param frozenset keys: of all records of this server, busy ones included
    :param frozenset names: of their databases and folders, names that they are about to get included
    """

    keys: frozenset
    names: frozenset


@dataclasses.dataclass(frozen=True)
class Finding:
    """One difference.

    :param str kind: one of `KINDS`
    :param str name: of the database, role, folder, address or runtime that it is about
    :param str key: whose it is; "" of a folder that carries none
    :param str recorded: what the records say, in values
    :param str real: what there is, in values
    :param str fix: one of `FIXES`; "": only a person can tell what is to be done
    :param bool is_safe: the fix needs nobody's consent
    :param str runtime: the code of the runtime, of a folder
    """

    kind: str
    name: str
    key: str = ""
    recorded: str = ""
    real: str = ""
    fix: str = ""
    is_safe: bool = False
    runtime: str = ""

    @property
    def identity(self):
        """What tells it from others, from run to run."""
        return self.kind, self.name

    def is_due(self, first_seen, now):
        """Tell whether it is repaired by itself, now.

        :param datetime first_seen: when a run met it first
        """
        # A draft may belong to a worker that is alive: what is an hour old does not.
        return self.is_safe and (self.kind != "draft" or first_seen <= now - DRAFT_AGE)


KINDS = (
    *("database_missing", "database_renamed", "database_access", "database_leftover", "database_orphan"),
    "database_remains",
    *("role_missing", "role_differs", "role_leftover", "role_orphan"),
    *("folder_missing", "folder_orphan", "draft"),
    *("entry_missing", "entry_differs", "entry_leftover", "entry_orphan"),
    *("spare_orphan", "route_differs"),
)
# What heals a difference -> whether it does so without anybody's consent.
FIXES = {
    **dict.fromkeys(("publish", "role", "open", "withdraw", "end_clone", "adopt", "drop_draft"), True),
    **dict.fromkeys(("rename_back", "seal", "rebuild", "reopen", "discard_workshop", "discard_version"), False),
    **dict.fromkeys(("undo", "remove", "withdraw_unknown", "drop_role", "drop_spare", "back_up_and_drop"), False),
    "drop_remains": False,
}


def make_finding(kind, name, key, recorded, real, fix="", runtime=""):
    return Finding(kind, name, key, recorded, real, fix, FIXES.get(fix, False), runtime)


def is_there(database):
    """Tell whether this is more than a draft, or than what a removal has left that was cut off."""
    return database.is_whole and not DRAFT.fullmatch(database.name)


def access(database):
    if database.allows_connections:
        return OPEN
    return SEALED if database.is_template else CLOSED
