"""How much a tenant's files take."""

from saas_engine import measure


def test_files_of_all_folders_count(tmp_path):
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "one").write_bytes(b"x" * 1000)
    (tmp_path / "two").write_bytes(b"x" * 24)
    assert measure.files(tmp_path) == 1024


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    assert measure.files(tmp_path / "none") == 0
