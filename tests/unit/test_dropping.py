"""The door's rules: each refusal, and beside it the same order with the one thing right."""

import dataclasses
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from saas_engine import dropping, dump_file
from saas_engine.errors import BackupError, DropRefusedError, InvalidNameError

KEY = "ab" * 16
NOW = datetime.now(UTC)


@pytest.fixture
def dump(tmp_path):
    """A dump that is there and whole."""
    path = tmp_path / "acme-final.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dump.sql", "SELECT 1;")
    return dump_file.BackupFile(path, path.stat().st_size, dump_file.checksum(path))


@pytest.fixture
def good(dump):
    """An order that nothing stands against."""
    return dropping.Order("tenant", KEY, "terminating", "Ada", "it ended", NOW - timedelta(seconds=1), dump)


def test_the_control_passes(good):
    good.check()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state": "active"}, '"active", not terminated or terminating'),
        ({"state": ""}, "its record is"),
        ({"due": None}, "no date is set"),
        ({"due": NOW + timedelta(days=1)}, "grace is not over"),
        ({"last_backup": None}, "no dump"),
        ({"asked_by": " "}, "nobody says who"),
        ({"why": ""}, "nobody says who"),
        ({"kind": "anything"}, "nothing is known of the kind"),
    ],
)
def test_refused(good, changes, message):
    with pytest.raises(DropRefusedError, match=message):
        dataclasses.replace(good, **changes).check()


def test_a_key_that_is_none(good):
    with pytest.raises(InvalidNameError):
        dataclasses.replace(good, key="x' OR true").check()


def test_a_dump_that_is_gone(good, dump):
    dump.path.unlink()
    with pytest.raises(BackupError, match="cannot be used"):
        good.check()


def test_a_dump_that_is_another(good, dump):
    dump.path.write_bytes(dump.path.read_bytes() + b"x")
    with pytest.raises(BackupError, match="checksum differs"):
        good.check()


@pytest.mark.parametrize("kind", sorted(dropping.RULES))
def test_no_kind_takes_what_is_in_use(kind, good):
    for state in ("active", "suspended", "open", "ready", "in use", "provisioning"):
        with pytest.raises(DropRefusedError):
            dataclasses.replace(good, kind=kind, state=state).check()
    for state in dropping.RULES[kind].states:
        dataclasses.replace(good, kind=kind, state=state).check()
