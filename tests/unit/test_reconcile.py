"""The comparison of records and reality: each kind of difference, what is safe, and what is none."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from saas_engine import naming, reality, reconcile
from saas_engine.databases import Database
from saas_engine.directory import TenantEntry
from saas_engine.reality import Reality
from saas_engine.reconcile import Known, Record

KEY, OTHER = "a" * 32, "b" * 32
LIMITS = {"max_users": 5, "max_connections": 20}
ENTRY = TenantEntry("acme", KEY, "shared", "18.0", limits=LIMITS, hosts=("acme.example.com",))
ACME = Record(
    "instance", KEY, "acme", state="active", database="open", limits=LIMITS, entry=ENTRY, redirects=("old.example.com",)
)
CLONE = Record("pool", KEY, f"pool_{KEY}", state="ready", database="closed")
TEMPLATE = Record("template", naming.template_key("tpl_blank_v2"), "tpl_blank_v2", state="ready", database="sealed")
COPY_ENTRY = TenantEntry(f"work_{KEY}", KEY, "shared", "18.0", hosts=("x.example.com",))
COPY = Record("workshop", KEY, f"work_{KEY}", state="open", database="open", limits={}, entry=COPY_ENTRY)
RECORDS = {"instance": ACME, "pool": CLONE, "template": TEMPLATE, "workshop": COPY}


def database(record, **changes):
    """Return the database that a record describes."""
    is_open = record.database == "open"
    made = Database(record.name, "saas_manager", f"saas:{record.key}", is_open, record.database == "sealed")
    return dataclasses.replace(made, **changes)


def reality_of(*records):
    """Return a server on which everything is as recorded."""
    living = [record for record in records if record.database]
    return Reality(
        databases={record.key: [database(record)] for record in living},
        names=frozenset(record.name for record in living),
        roles={record.key: reality.wanted_role(record.limits) for record in living if record.limits is not None},
        folders={"shared": frozenset(record.name for record in living)},
        entries={record.key: record.entry for record in living if record.entry},
        redirects={record.key: record.redirects for record in living if record.redirects},
    )


def known_of(*records):
    names = {record.name for record in records if record.database or record.is_busy}
    return Known(frozenset(record.key for record in records), frozenset(names))


def compare(found, *records):
    return reconcile.compare(records, known_of(*records), found)


def summary(findings):
    return [(finding.kind, finding.fix, finding.is_safe) for finding in findings]


def change(found, **changes):
    return dataclasses.replace(found, **changes)


@pytest.mark.parametrize("kind", RECORDS)
def test_as_recorded(kind):
    assert compare(reality_of(RECORDS[kind]), RECORDS[kind]) == []


def entry(**changes):
    return {"entries": {KEY: dataclasses.replace(ENTRY, **changes)}}


def role(**changes):
    return {"roles": {KEY: {**reality.wanted_role(LIMITS), **changes}}}


GONE = {"databases": {}, "names": frozenset(), "folders": {"shared": frozenset()}}


@pytest.mark.parametrize(
    ("record", "changes", "expected"),
    [
        (ACME, {"entries": {}}, [("entry_missing", "publish", True)]),
        (ACME, entry(state="suspended"), [("entry_differs", "publish", True)]),
        (ACME, entry(reason="unpaid"), [("entry_differs", "publish", True)]),
        (ACME, entry(limits={"max_users": 500}), [("entry_differs", "publish", True)]),
        (ACME, entry(hosts=()), [("entry_differs", "publish", True)]),
        (ACME, entry(hosts=("acme.old.example",)), [("entry_differs", "publish", False)]),
        (ACME, entry(db="other"), [("entry_differs", "publish", False)]),
        (ACME, entry(runtime="own"), [("entry_differs", "publish", False)]),
        (ACME, {"redirects": {}}, [("entry_differs", "publish", True)]),
        (ACME, {"redirects": {KEY: ("x.example.com",)}}, [("entry_differs", "publish", False)]),
        (ACME, {"roles": {}}, [("role_missing", "role", True)]),
        (ACME, role(statement_timeout="0"), [("role_differs", "role", True)]),
        (ACME, role(work_mem="1GB"), [("role_differs", "role", True)]),
        (ACME, role(**{"granted to eve": "eve"}), [("role_differs", "role", True)]),
        (ACME, role(**{"can log in": False}), [("role_differs", "role", True)]),
        (ACME, {"databases": {KEY: [database(ACME, allows_connections=False)]}}, [("database_access", "open", True)]),
        (ACME, {"databases": {KEY: [database(ACME, name="ac")]}}, [("database_renamed", "", False)]),
        (
            ACME,
            {"databases": {KEY: [database(ACME, name="ac")]}, "names": frozenset({"ac"})},
            [("database_renamed", "rename_back", False)],
        ),
        (ACME, {"folders": {"shared": frozenset()}}, [("folder_missing", "", False)]),
        (ACME, GONE, [("database_missing", "", False)]),
        (CLONE, GONE, [("database_missing", "end_clone", True)]),
        (CLONE, {"folders": {"shared": frozenset()}}, [("folder_missing", "end_clone", True)]),
        (
            CLONE,
            {"databases": {KEY: [database(CLONE, allows_connections=True)]}},
            [("database_access", "end_clone", True)],
        ),
        (CLONE, {"entries": {KEY: ENTRY}}, [("entry_leftover", "withdraw", True)]),
        (TEMPLATE, GONE, [("database_missing", "rebuild", False)]),
        (
            TEMPLATE,
            {"databases": {TEMPLATE.key: [database(TEMPLATE, allows_connections=True)]}},
            [("database_access", "seal", False)],
        ),
        (COPY, GONE, [("database_missing", "discard_workshop", False)]),
        (COPY, {"roles": {}}, [("role_missing", "reopen", False)]),
        (COPY, {"entries": {}}, [("entry_missing", "reopen", False)]),
    ],
)
def test_what_is_recorded(record, changes, expected):
    found = change(reality_of(record), **changes)
    assert summary(compare(found, record)) == expected
    busy = dataclasses.replace(record, is_busy=True)
    assert compare(found, busy) == []


def left(state, kind="instance"):
    return Record(kind, KEY, "acme", state=state)


@pytest.mark.parametrize(("state", "fix"), [("draft", ""), ("failed", "undo"), ("terminated", "remove")])
def test_what_should_be_gone(state, fix):
    found = change(reality_of(ACME), redirects={})
    expected = [("database_leftover", fix, False), ("entry_leftover", "withdraw", True)]
    records = known_of(left(state))
    known = Known(records.keys, frozenset({"acme"}))
    assert summary(reconcile.compare([left(state)], known, found)) == expected
    role_only = Reality(roles=found.roles)
    assert summary(reconcile.compare([left(state)], known, role_only)) == [("role_leftover", fix, False)]


def test_a_version_that_was_replaced():
    old = dataclasses.replace(TEMPLATE, state="replaced", database="")
    assert summary(compare(reality_of(TEMPLATE), old)) == [("database_leftover", "discard_version", False)]


def named(name, key=OTHER, **changes):
    made = Database(name, "saas_manager", f"saas:{key}", True, False)
    return {"databases": {key: [dataclasses.replace(made, **changes)]}, "names": frozenset({name})}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (named("gone-customer"), [("database_orphan", "back_up_and_drop", False)]),
        (named(f"pool_{OTHER}"), [("spare_orphan", "adopt", True)]),
        (named(f"work_{OTHER}"), [("spare_orphan", "drop_spare", False)]),
        (named("tpl_blank_v9"), [("spare_orphan", "drop_spare", False)]),
        (named(f"new_{OTHER}"), [("draft", "drop_draft", True)]),
        # what looks like a draft of one key and is marked with another is neither
        (named(f"new_{KEY}"), []),
        ({"roles": {OTHER: {}}}, [("role_orphan", "drop_role", False)]),
        ({**named("gone-customer"), "roles": {OTHER: {}}}, [("database_orphan", "back_up_and_drop", False)]),
        ({"entries": {OTHER: dataclasses.replace(ENTRY, key=OTHER)}}, [("entry_orphan", "withdraw_unknown", False)]),
        ({"folders": {"shared": frozenset({"lost"})}}, [("folder_orphan", "", False)]),
        ({"folders": {"shared": frozenset({"lost"})}, "names": frozenset({"lost"})}, []),
        ({"folders": {"shared": frozenset({f"new_{OTHER}"})}}, [("draft", "drop_draft", True)]),
        ({"folders": {"shared": frozenset({f"pool_{OTHER}"})}}, [("spare_orphan", "adopt", True)]),
        # a database that carries no mark is nobody's business
        ({"names": frozenset({"their-own"})}, []),
    ],
)
def test_what_no_record_knows(changes, expected):
    assert summary(reconcile.compare([], Known(frozenset(), frozenset()), change(Reality(), **changes))) == expected


def test_what_another_server_record_knows_is_no_orphan():
    """Two records may be one cluster by two names."""
    known = Known(frozenset({KEY}), frozenset({"acme"}))
    assert reconcile.compare([], known, reality_of(ACME)) == []


OWN = dataclasses.replace(ACME, runtime="own", entry=dataclasses.replace(ENTRY, runtime="own"))


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ({"acme.example.com", "old.example.com"}, []),
        ({"acme.example.com"}, [("route_differs", "publish", True)]),
        (set(), [("route_differs", "publish", True)]),
        ({"acme.example.com", "old.example.com", "x.example.com"}, [("route_differs", "publish", False)]),
    ],
)
def test_routes_of_a_runtime_of_ones_own(hosts, expected):
    found = change(reality_of(OWN), folders={"own": frozenset({"acme"})}, routes={"own": hosts})
    assert summary(compare(found, OWN)) == expected
    assert compare(change(reality_of(ACME), routes={"own": hosts}), ACME) == [], "the shared one gets all others"


def test_what_a_drop_has_left_that_was_cut_off():
    half = database(ACME, is_whole=False, allows_connections=False)
    remains = ("database_remains", "drop_remains", False)
    found = change(reality_of(ACME), databases={KEY: [half]})
    assert summary(compare(found, ACME)) == [("database_missing", "", False), remains]
    assert compare(found, dataclasses.replace(ACME, is_busy=True)) == []
    assert remains in summary(reconcile.compare([], known_of(), found))
    assert summary(compare(Reality(databases={KEY: [half]}), left("failed"))) == [remains]


def test_a_difference_names_only_what_differs():
    [finding] = compare(change(reality_of(ACME), **entry(state="suspended", limits={**LIMITS, "max_users": 9})), ACME)
    assert finding.recorded == "limits.max_users=5; state=active"
    assert finding.real == "limits.max_users=9; state=suspended"
    assert finding.name == "acme.example.com"


def test_limits_are_compared_as_json_has_them():
    stored = dataclasses.replace(ENTRY, limits={"max_users": 5, "max_connections": 20, "apps": ["a", "b"]})
    wanted = dataclasses.replace(ENTRY, limits={**LIMITS, "apps": ("a", "b")})
    record = dataclasses.replace(ACME, entry=wanted)
    assert compare(change(reality_of(ACME), entries={KEY: stored}), record) == []


def test_a_draft_is_left_alone_for_an_hour():
    [finding] = reconcile.compare([], known_of(), change(Reality(), **named(f"new_{OTHER}")))
    now = datetime.now(UTC)
    assert not finding.is_due(now, now) and not finding.is_due(now - timedelta(minutes=59), now)
    assert finding.is_due(now - timedelta(hours=1), now)
    [entry_missing] = compare(change(reality_of(ACME), entries={}), ACME)
    assert entry_missing.is_due(now, now)


def test_every_fix_says_whether_it_is_safe():
    dropping = {"drop_role", "drop_spare", "back_up_and_drop", "remove", "undo", "discard_version"}
    assert not {fix for fix in dropping if reconcile.FIXES[fix]}
    used = {*reconcile.WHEN_MISSING.values(), *reconcile.WHEN_ACCESS.values(), *reconcile.WHEN_LEFT.values()} - {""}
    assert used <= reconcile.FIXES.keys()


KEYS = st.integers(0, 5).map(lambda number: f"{number:032x}")


@st.composite
def servers(draw):
    """Give records and a reality that was made of them and then spoiled anywhere."""
    keys = draw(st.sets(KEYS, max_size=5))
    records = [
        dataclasses.replace(
            ACME,
            key=key,
            name=f"t{key[-3:]}",
            is_busy=draw(st.booleans()),
            entry=dataclasses.replace(ENTRY, key=key, db=f"t{key[-3:]}", hosts=(f"{key[-3:]}.example.com",)),
        )
        for key in sorted(keys)
    ]
    whole = reality_of(*records)

    def some(values):
        return {name: value for name, value in values.items() if draw(st.booleans())}

    folders = {"shared": frozenset(some(dict.fromkeys(whole.folders["shared"])))}
    spoiled = Reality(some(whole.databases), whole.names, some(whole.roles), folders, some(whole.entries))
    return records, whole, spoiled


@given(servers())
def test_any_server(drawn):
    records, whole, spoiled = drawn
    assert compare(whole, *records) == []
    findings = compare(spoiled, *records)
    busy = {record.key for record in records if record.is_busy}
    assert not [finding for finding in findings if finding.key in busy]
    assert len({finding.identity for finding in findings}) == len(findings)
    assert not [finding for finding in findings if finding.is_safe and not finding.fix]
    # What misses something is found, unless a job is at work on it.
    for record in records:
        parts = (spoiled.databases, spoiled.roles, spoiled.entries)
        is_spoiled = any(record.key not in part for part in parts)
        if is_spoiled and not record.is_busy:
            assert any(finding.key == record.key for finding in findings)
