"""Data go through one door: no other file of the addons can drop any."""

import re
from pathlib import Path

import pytest

ADDONS = Path(__file__).resolve().parents[2] / "addons"
DOOR = "saas_manager/saas_engine/dropping.py"
DROPS = re.compile(r"DROP\s+(DATABASE|ROLE|USER|OWNED)|rmtree", re.IGNORECASE)
KINDS = {".py", ".sql", ".sh"}


def sources():
    """Return the addons' files that could drop something, tests left out: name -> text."""
    files = [path for path in ADDONS.rglob("*") if path.suffix in KINDS and "tests" not in path.parts]
    return {path.relative_to(ADDONS).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_nothing_else_drops_data():
    # A session is a sign-in: to end it costs nobody more than the next one.
    sessions = "saas_manager/saas_engine/sessions.py"
    # The role of a service's gateway owns nothing and is made again by the next start.
    gateways = "saas_manager/saas_engine/gateway_roles.py"
    found = {name for name, text in sources().items() if DROPS.search(text)}
    assert found == {DOOR, sessions, gateways}


@pytest.mark.parametrize("text", ['"DROP DATABASE {}"', "drop role x", "shutil.rmtree(path)", "DROP  OWNED BY y"])
def test_the_search_finds_them(text):
    assert DROPS.search(text)
