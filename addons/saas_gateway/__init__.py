"""Server-wide gateway of the tenant service. Importing it does nothing; `post_load` puts it to work."""

import logging

_logger = logging.getLogger(__name__)


def post_load():
    """Wrap Odoo, or end the process.

    Odoo logs a server-wide module that fails to load and serves on without it. This one must not be missing.
    """
    try:
        from . import installation

        installation.install()
    except Exception as error:
        _logger.critical("gateway not installed, the service stops: %s", error, exc_info=True)
        raise SystemExit(1) from error
