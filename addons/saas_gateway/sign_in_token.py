"""Checks the token of a sign-in link, which the manager signs (`saas_engine/sign_in.py`). Plain Python."""

import base64
import hashlib
import hmac
import json

LIFETIME = 60
# Both services run by the same clock, or nearly: what claims to live longer was not minted by the manager.
CLOCK_DIFFERENCE = 30
LONGEST = 4096


class Refused(Exception):
    """The token opens nothing. `reason`: `invalid` or `expired`."""

    @property
    def reason(self):
        return self.args[0]


def check_any(keys, host, token, now):
    """Return the claims of a token that one of these keys has signed, see `check`."""
    for key in keys[:-1]:
        try:
            return check(key, host, token, now)
        except Refused as refused:
            if refused.reason != "invalid":
                raise
    return check(keys[-1], host, token, now)


def check(key, host, token, now):
    """Return the claims of a good token: `login`, `by`, `nonce`, `expires`, and `quiet` where no note is to be left.

    :param str key: the tenant's, from `naming.sign_in_key`
    :param str host: where the token was shown
    :param float now: seconds since the epoch
    :raise Refused: it is none, is for elsewhere, or is too old
    """
    payload = _signed(key, token)
    claims = json.loads(_decode(payload))
    if claims["host"] != host or claims["expires"] > now + LIFETIME + CLOCK_DIFFERENCE:
        raise Refused("invalid")
    if claims["expires"] <= now:
        raise Refused("expired")
    return claims


def _signed(key, token):
    """Return the payload of a token, whose signature is compared before anything of it is read."""
    if not isinstance(token, str) or len(token) > LONGEST or not token.isascii():
        raise Refused("invalid")
    payload, _dot, signature = token.partition(".")
    digest = hmac.new(key.encode(), payload.encode(), hashlib.sha256).digest()
    expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not hmac.compare_digest(signature, expected):
        raise Refused("invalid")
    return payload


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
