"""The manager's signed links."""

import pytest
from saas_engine import links, naming

KEY = naming.link_key(b"0" * 32, "0" * 32)
OTHER = naming.link_key(b"0" * 32, "1" * 32)
TOKEN = links.sign(KEY, 3)


def test_good():
    assert links.check(KEY, 3, TOKEN)
    assert len(TOKEN) == 43 and TOKEN.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("key", "serial", "token", "purpose"),
    [
        (KEY, 4, TOKEN, "welcome"),
        (OTHER, 3, TOKEN, "welcome"),
        (KEY, 3, TOKEN, "sign-in"),
        (KEY, 3, TOKEN[:-1], "welcome"),
        (KEY, 3, TOKEN + "=", "welcome"),
        (KEY, 3, "", "welcome"),
        (KEY, 3, None, "welcome"),
        (KEY, 3, "ü" * 43, "welcome"),
        (KEY, 3, "\ud800", "welcome"),
    ],
)
def test_bad(key, serial, token, purpose):
    assert not links.check(key, serial, token, purpose)
