"""All dedicated runtimes of an installation, each in a thread of its own: one that starts slowly delays nobody."""

import contextlib
import logging
import threading
import time
from xmlrpc.client import Fault

from saas_engine import naming
from saas_engine.errors import EngineError, InvalidNameError
from saas_engine.runtime_wanted import Status

from stack.errors import StackError
from stack.keeper import enter, places, pulse, routes
from stack.keeper.kept import Kept

_logger = logging.getLogger(__name__)
STEP_SECONDS, LIST_SECONDS, FAULT_SECONDS = 0.1, 0.2, 1


class Keeper:
    """Keeps what lies in a folder.

    :param Stack stack: of the installation
    :param programs: what starts and stops processes, such as `Supervised`
    :param Path traefik: Traefik's folder
    :param Limits limits: of the proxy, for each address
    :param bool separate: whether each runtime gets an operating-system user of its own; None: if that is possible here
    """

    def __init__(self, stack, programs, traefik, limits, separate=None):
        self.stack, self.programs, self.traefik, self.limits = stack, programs, traefik, limits
        self.separate = enter.can_separate() if separate is None else separate
        self.folder = stack.paths.dedicated
        self._slots = threading.Lock()
        self._threads = {}

    def run(self, forever=lambda: True):
        """Keep what is there and what will come.

        :param forever: asked before each look whether to go on
        """
        private = self.stack.paths.dedicated_private
        private.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.stack.link_tenant_addons(private / "_addons")
        routes.remove_others(self.traefik, set(self.codes()))
        while forever():
            pulse.beat(self.stack.paths.run)
            for code in self.codes():
                if code not in self._threads or not self._threads[code].is_alive():
                    self._threads[code] = threading.Thread(target=self._keep, args=[code], daemon=True, name=code)
                    self._threads[code].start()
            time.sleep(LIST_SECONDS)

    def codes(self):
        """Return the codes of the runtimes that are there."""
        found = [path.name for path in self.folder.iterdir() if path.is_dir()]
        return [name for name in found if _is_code(name)]

    def place(self, code):
        """Return where a runtime lies."""
        paths = self.stack.paths
        return places.Place(code, self.folder / code, paths.dedicated_data / code, paths.dedicated_private / code)

    def route(self, code, hosts, slot):
        """Lead these hosts to a runtime, and no others."""
        routes.write(self.traefik, code, hosts, slot, self.stack.service_host("runtimes"), self.limits)

    @contextlib.contextmanager
    def free_slot(self):
        """Give the number of a slot that nobody has; it is taken when its runtime's status says so."""
        with self._slots:
            taken = {Status.load(self.folder / code).slot for code in self.codes()}
            for number in places.SLOTS:
                if number not in taken and places.is_free(places.slot_of(number)):
                    yield number
                    return
            raise EngineError(f"All {len(places.SLOTS)} places for services of one's own are taken.")

    def _keep(self, code):
        kept = Kept(self, code)
        while True:
            try:
                if not kept.step():
                    return
            except (EngineError, StackError, OSError, Fault) as error:
                _logger.warning("%s: %s", code, error)
                kept.fail(str(error))
                time.sleep(FAULT_SECONDS)
            time.sleep(STEP_SECONDS)


def _is_code(name):
    try:
        return naming.runtime_code(name) == name
    except InvalidNameError:
        return False
