"""Manager, gateway and tenant mean the same people by internal users, and the gateway chooses who is too much."""

import pytest
from saas_engine import measure
from support import addon_files

gateway, tenant = (addon_files.load(addon, "internal_users") for addon in ("saas_gateway", "saas_tenant"))


def test_all_three_ask_the_same():
    assert gateway.INTERNAL_USERS == tenant.INTERNAL_USERS == measure.INTERNAL_USERS


@pytest.mark.parametrize("limit", [0, -1, 4, 9])
def test_nobody_is_too_much_within_the_limit(limit):
    assert gateway.choose([2, 7, 8, 9], 2, limit) == frozenset()


def test_the_newest_are_too_much():
    assert gateway.choose([9, 2, 8, 7], 2, 3) == {9}
    assert gateway.choose([9, 2, 8, 7], 2, 1) == {7, 8, 9}


def test_the_first_administrator_is_never_too_much():
    assert gateway.choose([2, 7, 8, 9], 9, 2) == {7, 8}
    assert gateway.choose([2, 7, 8, 9], 9, 1) == {2, 7, 8}
    assert gateway.choose([2, 7], None, 1) == {7}
