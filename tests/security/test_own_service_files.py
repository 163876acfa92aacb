"""Code of a tenant's own writes to its files: whoever copies, removes or renames them follows no link out of there."""

import dataclasses

import pytest
from saas_engine import filestore_copy
from saas_engine.errors import EngineError, InvalidNameError
from support import tenants

MOVED = tenants.order("moved", "0" * 32, "moved")
NAME = "acme"


@pytest.fixture
def shared(tmp_path):
    return tenants.make_runtime(tmp_path / "shared")


@pytest.fixture
def own(tmp_path):
    made = dataclasses.replace(tenants.make_runtime(tmp_path / "own"), code="own-1", dedicated=True)
    tenants.fill_filestore(made, NAME)
    return made


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("nobody's business")
    return path


def names(runtime):
    return sorted(path.name for path in runtime.filestore(NAME).rglob("*") if path.is_file())


def test_links_to_others_files_are_not_copied(shared, own, secret, tmp_path):
    folder = own.filestore(NAME)
    (folder / "ab" / "aa00").symlink_to(secret)
    (folder / "zz").symlink_to(tmp_path)
    assert filestore_copy.copy_missing(own, shared, NAME) == 2
    assert names(shared) == ["ab12", "cd34"]


def test_links_are_not_written_through(shared, own, secret):
    tenants.fill_filestore(shared, NAME)
    planted = own.filestore(NAME) / "ab" / "ab12"
    planted.unlink()
    planted.symlink_to(secret)
    assert filestore_copy.copy_missing(shared, own, NAME) == 1
    assert secret.read_text() == "nobody's business"
    assert not planted.is_symlink() and planted.read_bytes().startswith(b"ab12")


def test_a_folder_that_leads_elsewhere_is_refused(shared, own, tmp_path):
    tenants.fill_filestore(shared, NAME)
    victim = tmp_path / "victim"
    victim.mkdir()
    planted = own.filestore(NAME) / "ab"
    for path in planted.iterdir():
        path.unlink()
    planted.rmdir()
    planted.symlink_to(victim)
    with pytest.raises(EngineError, match="could not be written"):
        filestore_copy.copy_missing(shared, own, NAME)
    assert list(victim.iterdir()) == []
    whole = own.filestore(NAME)
    whole.rename(whole.with_name("aside"))
    whole.symlink_to(victim)
    with pytest.raises(InvalidNameError, match="is a link"):
        filestore_copy.copy_missing(shared, own, NAME)
    assert list(victim.iterdir()) == []


def test_a_draft_that_is_a_link_is_not_written_through(shared, own, secret):
    tenants.fill_filestore(shared, NAME)
    (own.filestore(NAME) / "ab" / "ab12").unlink()
    (own.filestore(NAME) / "ab" / filestore_copy.DRAFT).symlink_to(secret)
    filestore_copy.copy_missing(shared, own, NAME)
    assert secret.read_text() == "nobody's business"
    assert names(own) == ["ab12", "cd34"]


def test_nothing_is_removed_while_a_link_stands_for_a_file(shared, own, secret):
    tenants.fill_filestore(shared, NAME)
    planted = own.filestore(NAME) / "ab" / "ab12"
    planted.unlink()
    planted.symlink_to(secret)
    with pytest.raises(EngineError, match="lacks 1 file"):
        filestore_copy.remove_copied(shared, own, NAME, MOVED)
    assert names(shared) == ["ab12", "cd34"]
    filestore_copy.copy_missing(shared, own, NAME)
    filestore_copy.remove_copied(shared, own, NAME, MOVED)
    assert not shared.filestore(NAME).exists() and names(own) == ["ab12", "cd34"]
