"""Put all parts to work, in order, or raise."""

import importlib
import logging
import os
import sys

from . import (
    connection_shares,
    counters,
    cron,
    fair_shares,
    garbage,
    guard,
    hosts,
    matching,
    notices,
    outgoing,
    pauses,
    pooling,
    programs,
    readying,
    registries,
    roles,
    rpc,
    sandbox,
    serving,
    sessions,
    users,
    wrapping,
)
from .directory import directory
from .keys import keys

_logger = logging.getLogger(__name__)


def install():
    """Read the settings and wrap Odoo.

    :raise ImportError: if Odoo's own modules came first and kept what should have been wrapped
    :raise KeyError, OSError, ValueError: if a setting is missing or unusable
    """
    if "odoo.addons.base" in sys.modules:
        raise ImportError("saas_gateway must be the first of the server-wide modules")
    # A file and not the environment: /proc/<pid>/environ is readable to every child process.
    keys.configure(os.environ["SAAS_RUNTIME_SECRET_FILE"])
    runtime = os.environ["SAAS_RUNTIME"]
    pooling.install()  # before the roles, which decide whether a connection may be taken at all
    stock_connection_info = roles.install()
    directory.configure(runtime, stock_connection_info("postgres")[1])
    # saas_tenant looks for them among the loaded modules, and finds none where there is no gateway.
    for name in ("limits", "sign_in"):
        importlib.import_module(f"{__package__}.{name}")
    for part in (
        hosts,
        sessions,
        registries,
        guard,
        garbage,
        pauses,
        readying,
        rpc,
        sandbox,
        outgoing,
        programs,
        connection_shares,
        matching,
        notices,
        cron,
        fair_shares,
        serving,
        counters,
        users,
    ):
        part.install()
    # Odoo then announces every change of a cron's schedule, not only immediate triggers …
    os.environ["ODOO_NOTIFY_CRON_CHANGES"] = "1"
    # … through the function that writes a wake-up down before it is announced.
    os.environ["ODOO_NOTIFY_FUNCTION"] = "saas_notify"
    _logger.info("gateway of runtime %s wraps %s", runtime, ", ".join(wrapping.wrapped))
