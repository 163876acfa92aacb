"""What a worker does between two pieces of work, where nobody waits for it."""

import odoo.service.server

from . import garbage, wrapping
from .directory import directory


def _build_check_limits(check_limits):
    def use_the_pause(self):
        garbage.look_if_worth()
        directory.look_ahead()
        check_limits(self)

    return use_the_pause


def install():
    """Wrap what a worker does before it waits for the next request or job."""
    wrapping.replace(odoo.service.server.Worker, "check_limits", _build_check_limits)
