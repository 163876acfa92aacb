"""The gateway derives the same role names and passwords as the manager."""

import json
from pathlib import Path

import pytest
from support import addon_files

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests" / "unit" / "vectors.json").read_text())


naming = addon_files.load("saas_gateway", "naming")
SECRET_KEY = naming.password_key(VECTORS["runtime_secret"].encode())


def test_role_name_is_the_managers():
    assert naming.role_name(VECTORS["key"]) == VECTORS["role"]


def test_password_is_the_managers_every_time():
    assert naming.role_password(SECRET_KEY, VECTORS["key"]) == VECTORS["role_password"]
    naming.role_password(SECRET_KEY, "f" * 32)
    assert naming.role_password(SECRET_KEY, VECTORS["key"]) == VECTORS["role_password"]


def test_the_mark_of_a_secret_is_the_managers():
    assert naming.secret_mark(VECTORS["runtime_secret"].encode()) == VECTORS["secret_mark"]


def test_passwords_differ_by_key():
    assert naming.role_password(SECRET_KEY, "f" * 32) != VECTORS["role_password"]


def test_short_secret_is_refused():
    with pytest.raises(ValueError, match="at least 32 bytes"):
        naming.password_key(b"short")


@pytest.mark.parametrize("key", ["", "acme", "F" * 32, "f" * 33, None, "'; DROP ROLE x; --"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match="Not a tenant's key"):
        naming.role_name(key)
    with pytest.raises(ValueError, match="Not a tenant's key"):
        naming.role_password(SECRET_KEY, key)
