"""How often one address may try to sign in, at Traefik: before a password is looked at, whatever it is.

Only what sends a password, a code or a link counts (POST), by the address of whoever connects; behind proxies of one's
own, by the address that the outermost of them has seen. People behind one office's address share a burst that lets
everybody in on Monday morning; a program that tries passwords is through with it in a second.
"""

import json
from dataclasses import dataclass

from stack.errors import StackError

PAGE = "/saas/too-many-requests"  # saas_gateway answers it at every host
# A connection with IPv6 has a whole network to choose its addresses from.
IPV6_NETWORK = 64


@dataclass(frozen=True)
class Limits:
    """What one address may do. A rate of 0: no limit.

    :param int sign_in: tries a minute, in the long run
    :param int sign_in_burst: tries at once
    :param int rpc: calls by /jsonrpc and /xmlrpc a minute, in the long run: each may carry a password
    :param int rpc_burst: calls at once
    :param int proxies: how many proxies stand in front of Traefik and are trusted
    :param tuple entry_points: Traefik's public ones; empty: all that it has
    """

    sign_in: int = 10
    sign_in_burst: int = 60
    rpc: int = 1200
    rpc_burst: int = 300
    proxies: int = 0
    entry_points: tuple = ()


# On a developer's own machine everything comes from one address, tests and benchmarks included.
DEMO = Limits(sign_in=300, sign_in_burst=300, rpc=600000, rpc_burst=20000)


def from_environment(environ, default, proxies=0, entry_points=()):
    """Return the limits that the environment asks for.

    :param Limits default: where it says nothing
    :param int proxies: how many there are, where it does not say
    :param tuple entry_points: see `Limits`
    :raise StackError: a variable is no number
    """
    return Limits(
        sign_in=_number(environ, "SAAS_LOGIN_RATE", default.sign_in),
        sign_in_burst=_number(environ, "SAAS_LOGIN_BURST", default.sign_in_burst),
        rpc=_number(environ, "SAAS_RPC_RATE", default.rpc),
        rpc_burst=_number(environ, "SAAS_RPC_BURST", default.rpc_burst),
        proxies=_number(environ, "SAAS_TRUSTED_PROXY_COUNT", proxies),
        entry_points=entry_points,
    )


def _number(environ, name, default):
    value = environ.get(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit()):
        raise StackError(f"{name} is {value!r}: it must be a whole number, 0 or more.")
    return int(value)


def middlewares(name, limits):
    """Return the middlewares of a service's limited routes, as JSON that fits into its YAML.

    :param str name: of the service
    """
    made = {f"{name}-too-many": {"errors": {"status": ["429"], "service": "shared", "query": PAGE}}}
    for kind, rate, burst in (
        ("sign-in", limits.sign_in, limits.sign_in_burst),
        ("rpc", limits.rpc, limits.rpc_burst),
    ):
        strategy = {"ipv6Subnet": IPV6_NETWORK, **({"depth": limits.proxies} if limits.proxies else {})}
        made[f"{name}-{kind}"] = {
            # Traefik takes an average of 0 for "no limit".
            "rateLimit": {
                "average": rate,
                "period": "1m",
                "burst": max(burst, 1),
                "sourceCriterion": {"ipStrategy": strategy},
            }
        }
    return {each: json.dumps(middleware) for each, middleware in made.items()}
