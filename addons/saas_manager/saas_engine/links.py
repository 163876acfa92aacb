"""The links that the manager signs: stateless, one key per instance, a serial that makes the older ones void."""

import base64
import hashlib
import hmac


def sign(link_key, serial, purpose="welcome"):
    """Return the token of a link.

    :param str link_key: from `naming.link_key`
    :param int serial: the instance counts it up whenever a link is used or sent again
    :param str purpose: what the link is for; a token is good for that alone
    """
    digest = hmac.new(link_key.encode(), f"{purpose}:{int(serial)}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def check(link_key, serial, token, purpose="welcome"):
    """Tell whether this is the token of the link with this serial, in constant time."""
    expected = sign(link_key, serial, purpose)
    return hmac.compare_digest(expected.encode(), str(token or "").encode("utf-8", "replace"))
