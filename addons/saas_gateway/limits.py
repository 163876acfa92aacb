"""What `saas_tenant` may ask of the gateway about the tenant it runs for. Without a gateway it asks nobody.

Limits and counts are in the directory, where tenants cannot connect.
"""

import logging

import psycopg2

from . import users
from .directory import directory

_logger = logging.getLogger(__name__)
AWAY = "away"  # the directory could not be asked: nothing was counted
# The hours that `saas.reserve_mails` counts as the last 24.
SENT = """
    SELECT coalesce(sum(mails), 0)::bigint FROM saas.counter
     WHERE db = %s AND hour > date_trunc('hour', now(), 'UTC') - interval '24 hours'"""
RESERVE = "SELECT saas.reserve_mails(%s, %s)"


def is_known(database):
    """Tell whether this process serves that database as a tenant's."""
    return directory.runtime is not None and directory.tenant_in(database) is not None


def of(database):
    """Return the published limits of a tenant, none at all for any other database.

    :raise DirectoryUnavailable: nothing was ever read
    """
    return dict(directory.tenant_in(database).limits) if is_known(database) else {}


def notices_of(database):
    """Return what the manager tells a tenant's administrators, nothing for any other database. Raises like `of`.

    `storage`: `used_mb`, `limit_mb`, `percent`, `measured_at`, `since` when it is that full; `past_due`: `since`,
    `until`, `invoice`, `url`; `trial`: `until`, `days`, `goes_on`. Dates are texts in ISO format, times are UTC; any of
    them may be absent.
    """
    return dict(directory.tenant_in(database).notices) if is_known(database) else {}


def hosts_of(database):
    """Return the hosts that a tenant is served at, none for any other database. Raises like `of`."""
    return directory.tenant_in(database).hosts if is_known(database) else ()


def surplus_of(database):
    """Return the ids of the users who can't sign in, being more than the plan allows: as of the last look."""
    return users.last_surplus(database) if is_known(database) else frozenset()


def mails_of(database):
    """Return how many mails a tenant has sent in the last 24 hours, or None if nobody can say."""
    try:
        [[sent]] = directory.link.execute(SENT, [database])
    except psycopg2.Error as error:
        _logger.warning("mails of %s not read: %s", database, error)
        return None
    return sent


def reserve_mails(database, recipients):
    """Count mails that are about to be sent, unless they are more than the plan allows.

    :param int recipients: one for each address that a mail goes to
    :return: None if they were counted, else why not: `hour`, `day`, `unknown` or `AWAY`
    """
    try:
        [[refusal]] = directory.link.execute(RESERVE, [database, recipients])
    except psycopg2.Error as error:
        _logger.warning("mails of %s not counted, they have to wait: %s", database, error)
        return AWAY
    return refusal
