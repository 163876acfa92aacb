"""The manager's records against what there is on a server, both ways. Plain data in, findings out; nothing is changed.

What is safe to repair by itself is marked; the rest is for a person. Nothing here ever means that a tenant's database
is dropped without one.
"""

import dataclasses
import json

from . import naming, reality
from .difference import (
    CLOSED,
    DRAFT,
    FIXES,
    KINDS,
    OPEN,
    SEALED,
    SPARE,
    Finding,
    Known,
    Record,
    access,
    is_there,
    make_finding,
)

__all__ = ["CLOSED", "FIXES", "KINDS", "OPEN", "SEALED", "Finding", "Known", "Record", "compare"]
# What of an entry has to be as recorded. Not notices: they change by the minute, and who changes them publishes them.
ENTRY_FIELDS = ("db", "runtime", "release", "state", "reason")
# What is not put right by itself: it would move a tenant.
MOVES = {"db", "runtime"}
# What is done about a database that is gone, and about one whose access is wrong, by the kind of its record.
WHEN_MISSING = {"instance": "", "template": "rebuild", "workshop": "discard_workshop", "pool": "end_clone"}
WHEN_ACCESS = {"instance": "open", "template": "seal", "workshop": "reopen", "pool": "end_clone"}
WHEN_LEFT = {"failed": "undo", "terminated": "remove"}


def compare(records, known, found):
    """Return what differs: a list of `Finding`, in a stable order.

    :param records: the `Record` objects to compare
    :param Known known: whatever else there is, so that it does not count as unknown
    :param Reality found: what there is
    """
    findings = []
    for record in records:
        if not record.is_busy:
            findings += _about_record(record, found)
    busy = {record.key for record in records if record.is_busy}
    findings += _drafts(found, {record.key for record in records} - busy, known)
    findings += _unknown_databases(found, known)
    findings += _unknown_roles(found, known)
    findings += _unknown_entries(found, known)
    findings += _unknown_folders(found, known, busy)
    return sorted(findings, key=lambda finding: (KINDS.index(finding.kind), finding.name))


# === WHAT IS RECORDED === #


def _about_record(record, found):
    databases = [each for each in found.databases.get(record.key, ()) if is_there(each)]
    if not record.database:
        return _left(record, databases, found)
    about_database, about_role = _about_database(record, databases, found), _about_role(record, found)
    return [*about_database, *about_role, *_about_entry(record, found), *_about_route(record, found)]


def _left(record, databases, found):
    """Return what there is of something that should be gone. A database brings its folder and its role along."""
    fix = WHEN_LEFT.get(record.state, "") if record.kind == "instance" else ""
    fix = "discard_version" if record.kind == "template" else fix
    for database in databases:
        yield make_finding("database_leftover", database.name, record.key, record.state, access(database), fix)
    if record.key in found.entries:
        entry = found.entries[record.key]
        yield make_finding("entry_leftover", entry.db, record.key, record.state, entry.state, "withdraw")
    if record.key in found.roles and not databases:
        name = naming.role_name(record.key)
        yield make_finding("role_leftover", name, record.key, record.state, name, fix)


def _about_database(record, databases, found):
    if not databases:
        return [make_finding("database_missing", record.name, record.key, record.state, "", WHEN_MISSING[record.kind])]
    findings, database = [], databases[0]
    if database.name != record.name:
        fix = "rename_back" if record.kind == "instance" and record.name not in found.names else ""
        findings.append(make_finding("database_renamed", record.name, record.key, record.name, database.name, fix))
    elif access(database) != record.database:
        fix = WHEN_ACCESS[record.kind]
        findings.append(
            make_finding("database_access", record.name, record.key, record.database, access(database), fix)
        )
    if record.name not in found.folders.get(record.runtime, {record.name}):
        fix = "end_clone" if record.kind == "pool" else ""
        findings.append(
            make_finding("folder_missing", record.name, record.key, record.state, "", fix, runtime=record.runtime)
        )
    return findings


def _about_role(record, found):
    if record.limits is None:
        return []
    name, fix = naming.role_name(record.key), "role" if record.kind == "instance" else "reopen"
    if record.key not in found.roles:
        return [make_finding("role_missing", name, record.key, record.name, "", fix)]
    recorded, real = _differing(reality.wanted_role(record.limits), found.roles[record.key])
    return [make_finding("role_differs", name, record.key, recorded, real, fix)] if recorded or real else []


def _about_entry(record, found):
    real = found.entries.get(record.key)
    if record.entry is None:
        return (
            [make_finding("entry_leftover", real.db, record.key, record.state, real.state, "withdraw")] if real else []
        )
    fix = "publish" if record.kind == "instance" else "reopen"
    if real is None:
        return [make_finding("entry_missing", _address(record.entry), record.key, record.entry.state, "", fix)]
    wanted = _entry_values(record.entry, record.redirects)
    present = _entry_values(real, found.redirects.get(record.key, ()))
    recorded, published = _differing(wanted, present)
    if not recorded and not published:
        return []
    finding = make_finding("entry_differs", _address(record.entry), record.key, recorded, published, fix)
    return [dataclasses.replace(finding, is_safe=finding.is_safe and not _moves(wanted, present))]


def _about_route(record, found):
    """A runtime of its own gets the hosts that the proxy is told; the shared one gets all others."""
    if record.entry is None or record.runtime not in found.routes:
        return []
    wanted, real = {*record.entry.hosts, *record.redirects}, set(found.routes[record.runtime])
    if wanted == real:
        return []
    recorded, published = (",".join(sorted(hosts)) for hosts in (wanted, real))
    finding = make_finding("route_differs", record.name, record.key, recorded, published, "publish", record.runtime)
    return [dataclasses.replace(finding, is_safe=real <= wanted)]


def _entry_values(entry, redirects):
    """Return what of an entry is compared. Limits as JSON has them, each for itself."""
    values = {name: getattr(entry, name) for name in ENTRY_FIELDS}
    values |= {f"limits.{name}": value for name, value in json.loads(json.dumps(entry.limits)).items()}
    return {**values, "hosts": tuple(sorted(entry.hosts)), "redirects": tuple(sorted(redirects))}


def _moves(wanted, present):
    """Tell whether publishing would take an address away from a tenant that it has, or move it."""
    taken = any(set(present[name]) - set(wanted[name]) for name in ("hosts", "redirects"))
    return taken or any(wanted[name] != present[name] for name in MOVES)


# === WHAT NO RECORD KNOWS === #


def _drafts(found, idle, known):
    """Return what killed runs have left, under a draft's name or half dropped, of keys that nobody is at work on."""
    for key, databases in found.databases.items():
        for database in databases:
            match = DRAFT.fullmatch(database.name)
            if not database.is_whole and (key in idle or key not in known.keys):
                yield make_finding("database_remains", database.name, key, "", "", "drop_remains")
            elif match and match[1] == key and (key in idle or key not in known.keys):
                yield make_finding("draft", database.name, key, "", access(database), "drop_draft")


def _unknown_databases(found, known):
    for key, databases in found.databases.items():
        for database in databases:
            if key in known.keys or not is_there(database):
                continue
            if naming.POOL_DATABASE.fullmatch(database.name):
                yield make_finding("spare_orphan", database.name, key, "", access(database), "adopt")
            elif SPARE.fullmatch(database.name):
                yield make_finding("spare_orphan", database.name, key, "", access(database), "drop_spare")
            else:
                yield make_finding("database_orphan", database.name, key, "", access(database), "back_up_and_drop")


def _unknown_roles(found, known):
    """Return roles of keys that nothing has; the role of an unknown database goes with it."""
    for key in found.roles.keys() - known.keys - found.databases.keys():
        name = naming.role_name(key)
        yield make_finding("role_orphan", name, key, "", name, "drop_role")


def _unknown_entries(found, known):
    for key in found.entries.keys() - known.keys:
        entry = found.entries[key]
        yield make_finding("entry_orphan", _address(entry), key, "", entry.state, "withdraw_unknown")


def _unknown_folders(found, known, busy):
    """Return folders that belong to no record and to no database, whoever's that is."""
    for runtime, names in found.folders.items():
        for name in names - known.names - found.names:
            draft = DRAFT.fullmatch(name)
            if draft and draft[1] not in busy:
                yield make_finding("draft", f"{runtime}/{name}", draft[1], "", name, "drop_draft", runtime=runtime)
            elif naming.POOL_DATABASE.fullmatch(name):
                key = name.removeprefix(naming.POOL_PREFIX)
                if key not in known.keys:
                    yield make_finding("spare_orphan", f"{runtime}/{name}", key, "", name, "adopt", runtime=runtime)
            elif not draft:
                yield make_finding("folder_orphan", f"{runtime}/{name}", "", "", name, runtime=runtime)


# === WORDS === #


def _differing(wanted, found):
    """Return the values that differ, of both sides, as texts."""
    names = [each for each in sorted(wanted.keys() | found.keys()) if wanted.get(each) != found.get(each)]
    return tuple("; ".join(f"{each}={_text(side[each])}" for each in names if each in side) for side in (wanted, found))


def _text(value):
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return str(value)


def _address(entry):
    return entry.hosts[0] if entry.hosts else entry.db
