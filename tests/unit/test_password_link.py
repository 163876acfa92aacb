"""Odoo's own token, bit by bit: these were made by `odoo.tools.hash_sign` of 18.0."""

import pytest
from saas_engine import password_link

SECRET = "b3d1a6a8-1111-4222-8333-444455556666"
EXPIRATION = 1893456000


@pytest.mark.parametrize(
    ("payload", "token"),
    [
        (
            [3, [2], None, "reset"],
            "AYDY23AAAAAAyATIRRYfj9N3kCfOlJ0_sGSYkh-tQOGIGVg9Yp3HOyFbMywgWzJdLCBudWxsLCAicmVzZXQiXQ",
        ),
        (
            [41, [7, 9], 1700000000, "reset"],
            "AYDY23AAAAAACTGv3dgLU7ReQgmGmdIpE6eJinjmBFfmy4v2eO70XuxbNDEsIFs3LCA5XSwgMTcwMDAwMDAwMCwgInJlc2V0Il0",
        ),
    ],
)
def test_sign(payload, token):
    assert password_link.sign(SECRET, payload, EXPIRATION) == token
