"""A template's fingerprint follows the code that its tenants run, and nothing else."""

from pathlib import Path

import pytest
from saas_engine.code_state import fingerprint
from saas_engine.runtime import Runtime


@pytest.fixture
def code(tmp_path):
    """The folder of addons, with one of ours and one that is not; links lead to it, as in the demo."""
    for name in ("real/saas_tenant/models", "real/saas_tenant/tests", "addons/other", "home/odoo"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "home/odoo/release.py").write_text("version_info = (18, 0)")
    (tmp_path / "real/saas_tenant/models/a.py").write_text("one")
    (tmp_path / "addons/saas_tenant").symlink_to(tmp_path / "real/saas_tenant")
    return tmp_path


def state(code):
    command = ["python", str(code / "home/odoo-bin"), f"--addons-path=/nowhere,{code / 'addons'}"]
    return fingerprint(Runtime("shared", "18.0", "http://x", Path("/data"), command, {}))


@pytest.mark.parametrize(
    "name", ["real/saas_tenant/models/a.py", "real/saas_tenant/models/b.xml", "home/odoo/release.py"]
)
def test_changes_with_the_code(code, name):
    before = state(code)
    (code / name).write_text("two")
    assert state(code) != before


@pytest.mark.parametrize("name", ["real/saas_tenant/tests/t.py", "real/saas_tenant/models/a.pyc", "addons/other/x.py"])
def test_stays_without_a_change_that_matters(code, name):
    before = state(code)
    (code / name).write_text("two")
    assert state(code) == before
