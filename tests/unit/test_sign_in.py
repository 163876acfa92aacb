"""The token of a sign-in link: the manager mints it, the gateway checks it, each with code of its own."""

import base64
import json
from pathlib import Path

import pytest
from saas_engine import naming, sign_in
from support import addon_files

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests" / "unit" / "vectors.json").read_text())
CLAIMS = VECTORS["sign_in"]
KEY, TOKEN, HOST, NOW = VECTORS["sign_in_key"], VECTORS["sign_in_token"], CLAIMS["host"], CLAIMS["now"]


gateway, gateway_naming = (addon_files.load("saas_gateway", name) for name in ("sign_in_token", "naming"))


def refusal(token, key=KEY, host=HOST, now=NOW):
    with pytest.raises(gateway.Refused) as refused:
        gateway.check(key, host, token, now)
    return refused.value.reason


def test_both_derive_the_same_key():
    secret = VECTORS["runtime_secret"].encode()
    assert naming.sign_in_key(secret, VECTORS["key"]) == KEY
    assert naming.sign_in_key_of(VECTORS["master"].encode(), "shared", VECTORS["key"]) == KEY
    assert gateway_naming.sign_in_key(gateway_naming.sign_in_secret(secret), VECTORS["key"]) == KEY


def test_the_key_is_for_nothing_else():
    master, secret, key = VECTORS["master"].encode(), VECTORS["runtime_secret"].encode(), VECTORS["key"]
    others = {naming.role_password(secret, key), naming.link_key(master, key), naming.sign_in_key(secret, "0" * 32)}
    assert len(others) == 3 and KEY not in others


def test_minted():
    assert sign_in.mint(KEY, HOST, CLAIMS["login"], CLAIMS["by"], NOW, CLAIMS["nonce"]) == TOKEN


def test_quiet_where_the_database_is_our_own():
    quiet = sign_in.mint(KEY, HOST, CLAIMS["login"], CLAIMS["by"], NOW, CLAIMS["nonce"], quiet=True)
    assert gateway.check(KEY, HOST, quiet, NOW)["quiet"] is True
    assert "quiet" not in gateway.check(KEY, HOST, TOKEN, NOW)


def test_random_unless_said():
    tokens = {sign_in.mint(KEY, HOST, "a", "b", NOW) for _ in range(3)}
    assert len(tokens) == 3


def test_good_for_a_minute():
    for age in (0, 59):
        claims = gateway.check(KEY, HOST, TOKEN, NOW + age)
        assert (claims["login"], claims["by"]) == (CLAIMS["login"], CLAIMS["by"])
        assert claims["nonce"] == CLAIMS["nonce"]
    assert refusal(TOKEN, now=NOW + 60) == "expired"


def test_not_from_the_future():
    assert gateway.check(KEY, HOST, TOKEN, NOW - 30)
    assert refusal(TOKEN, now=NOW - 31) == "invalid"


def test_for_one_tenant_at_one_host():
    assert refusal(TOKEN, host="beta.example.com") == "invalid"
    assert refusal(TOKEN, key=naming.sign_in_key(VECTORS["runtime_secret"].encode(), "0" * 32)) == "invalid"


def test_altered():
    payload, signature = TOKEN.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    for change in ({"login": "root"}, {"by": "Nobody"}, {"expires": NOW + 61}, {"nonce": "x"}):
        altered = json.dumps({**claims, **change}, sort_keys=True, separators=(",", ":")).encode()
        assert refusal(f"{base64.urlsafe_b64encode(altered).decode().rstrip('=')}.{signature}") == "invalid"
    other = sign_in.mint(KEY, HOST, "root", "Nobody", NOW).split(".")
    assert refusal(f"{other[0]}.{signature}") == refusal(f"{payload}.{other[1]}") == "invalid"


@pytest.mark.parametrize(
    "token",
    ["", ".", "x", TOKEN[:-1], TOKEN + "=", TOKEN.split(".")[0], "ü.ü", "\ud800.", "." * 5000, None, 7, [], b"x"],
)
def test_what_is_no_token(token):
    assert refusal(token) == "invalid"


def test_the_token_is_sent_to_no_server():
    assert sign_in.address("https://acme.example.com", "t") == "https://acme.example.com/saas/sign-in#t"
