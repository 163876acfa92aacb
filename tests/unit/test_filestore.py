"""Filestores: copied whole or not at all, and never outside their folder."""

import errno
import shutil

import pytest
from saas_engine import dropping, filestore
from saas_engine.errors import DiskFullError, EngineError, InvalidNameError
from support import tenants

KEY = "0" * 32


@pytest.fixture
def runtime(tmp_path):
    made = tenants.make_runtime(tmp_path)
    tenants.fill_filestore(made)
    return made


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_clone_and_again(runtime):
    target = runtime.filestore("acme")
    for _ in range(2):
        filestore.clone(runtime, tenants.TEMPLATE, "acme", KEY)
        assert names(target) == names(runtime.filestore(tenants.TEMPLATE)) == ["ab/ab12", "cd/cd34"]
    assert sorted(path.name for path in target.parent.iterdir()) == ["acme", tenants.TEMPLATE]


def test_a_template_without_attachments(runtime):
    filestore.clone(runtime, "tpl_empty_v1", "acme", KEY)
    assert names(runtime.filestore("acme")) == []


def test_killed_copy_is_replaced(runtime):
    draft = runtime.filestore(f"new_{KEY}")
    draft.mkdir()
    (draft / "half").write_text("half")
    filestore.clone(runtime, tenants.TEMPLATE, "acme", KEY)
    assert names(runtime.filestore("acme")) == ["ab/ab12", "cd/cd34"]
    assert not draft.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_leaves_nothing(runtime, monkeypatch, number):
    def full(source, target, **_options):
        (target / "ab").mkdir(parents=True)
        raise shutil.Error([(source, target, f"[Errno {number}] {errno_text(number)}")])

    monkeypatch.setattr(filestore.shutil, "copytree", full)
    with pytest.raises(DiskFullError, match="The disk of .*filestore is full"):
        filestore.clone(runtime, tenants.TEMPLATE, "acme", KEY)
    assert [path.name for path in runtime.filestore("acme").parent.iterdir()] == [tenants.TEMPLATE]


def errno_text(number):
    return filestore.os.strerror(number)


def test_other_trouble_is_no_full_disk(runtime, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(filestore.shutil, "copytree", refuse)
    with pytest.raises(EngineError, match="Permission denied") as failure:
        filestore.clone(runtime, tenants.TEMPLATE, "acme", KEY)
    assert not isinstance(failure.value, DiskFullError)


@pytest.mark.parametrize("name", ["..", ".", "", "../acme", "/etc", "a/b", "acme/../../x", "ACME", "a\0b"])
def test_names_that_lead_out(runtime, name):
    for action in (filestore.folder, dropping._drop_folder):
        with pytest.raises(InvalidNameError):
            action(runtime, name)
    with pytest.raises(InvalidNameError):
        filestore.clone(runtime, tenants.TEMPLATE, name, KEY)
    with pytest.raises(InvalidNameError):
        filestore.clone(runtime, name, "acme", KEY)


def test_a_link_is_no_filestore(runtime, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    runtime.filestore("acme").symlink_to(outside)
    with pytest.raises(InvalidNameError, match="is a link"):
        dropping._drop_folder(runtime, "acme")
    with pytest.raises(InvalidNameError, match="is a link"):
        filestore.clone(runtime, "acme", "other", KEY)
    assert (outside / "precious").exists()


def test_links_inside_are_not_followed(runtime, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("master")
    (runtime.filestore(tenants.TEMPLATE) / "ab" / "link").symlink_to(secret)
    filestore.clone(runtime, tenants.TEMPLATE, "acme", KEY)
    assert (runtime.filestore("acme") / "ab" / "link").is_symlink()
    dropping._drop_folder(runtime, "acme")
    assert secret.exists()


def test_remove_and_again(runtime):
    for _ in range(2):
        dropping._drop_folder(runtime, tenants.TEMPLATE)
        assert not runtime.filestore(tenants.TEMPLATE).exists()


def test_rename_and_again(runtime):
    filestore.clone(runtime, tenants.TEMPLATE, "acme", KEY)
    for _ in range(2):
        filestore.rename(runtime, "acme", "globex")
        assert names(runtime.filestore("globex")) == ["ab/ab12", "cd/cd34"]
        assert not runtime.filestore("acme").exists()


def test_room(runtime, monkeypatch):
    monkeypatch.setattr(filestore, "RESERVE_BYTES", 0)
    filestore.require_room(runtime, tenants.TEMPLATE)
    monkeypatch.setattr(filestore.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(0, 0, 500))
    with pytest.raises(DiskFullError, match="1 MiB more are needed"):
        filestore.require_room(runtime, tenants.TEMPLATE)


def test_room_before_anything_was_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(filestore, "RESERVE_BYTES", 0)
    filestore.require_room(tenants.make_runtime(tmp_path / "not-yet"), "tpl_blank_v1")
