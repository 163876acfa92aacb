"""Whether this process serves people or runs one command (`--stop-after-init`, `shell`)."""

import logging
import os

import odoo.service.server

from . import readying, websockets, wrapping

_logger = logging.getLogger(__name__)
_state = {"serving": False}


def is_serving():
    """Tell whether requests and crons are served here. A command may open what the service must not."""
    return _state["serving"]


def _build_run(run):
    def run_known(self, preload=None, stop=False):
        if stop:
            return run(self, preload, stop)
        if isinstance(self, odoo.service.server.ThreadedServer):
            # Its cron threads look at loaded databases only, and all tenants would share one process.
            _logger.critical("the gateway serves with workers only (--workers=2 or more); commands run without")
            return 1
        _state["serving"] = True  # before the workers are forked: they inherit it
        os.environ["SAAS_SERVING"] = "1"  # for saas_tenant, which knows this addon by nothing else
        if isinstance(self, odoo.service.server.GeventServer):
            websockets.watch()
        else:
            readying.prepare()
        return run(self, preload, stop)

    return run_known


def install():
    """Wrap the three servers' `run`, the one place where Odoo knows whether it will serve."""
    for server in ("ThreadedServer", "PreforkServer", "GeventServer"):
        wrapping.replace(getattr(odoo.service.server, server), "run", _build_run)
