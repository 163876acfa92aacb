"""One dedicated runtime: brought to what the manager wants, over and over."""

import dataclasses
import os
import time

from saas_engine.errors import ConfigurationError, EngineError
from saas_engine.runtime_wanted import Status, Wanted

from stack.keeper import places, program, routes
from stack.paths import write_atomically
from stack.production.health import answers

START_SECONDS = 120
LOOK_SECONDS, PATIENCE = 2, 3
WORDS = 600


class Kept:
    """Brings one runtime to what is wanted, and says how it is. It may be killed anywhere: files say what was done.

    :param Keeper keeper: what all runtimes share
    :param str code: the runtime's
    """

    def __init__(self, keeper, code):
        self.keeper, self.place = keeper, keeper.place(code)
        self.status = Status.load(self.place.folder)
        self.applied = None  # the revision that this process has acted upon
        self.started_at = self.looked_at = time.monotonic()
        self.misses = 0

    def step(self):
        """Do what is to be done now.

        :return: False when nothing of the runtime is left
        """
        wanted = Wanted.load(self.place.folder)
        if wanted is None:
            return self.place.folder.is_dir()  # the manager is about to write it
        if wanted.code != self.place.code:
            raise ConfigurationError(f"The folder {self.place.folder} is for another service than it says.")
        if wanted.state == "removed":
            return self._remove(wanted)
        if wanted.revision != self.applied:
            self._apply(wanted)
        self._look(wanted)
        return True

    def say(self, state, reason="", **changes):
        """Write down how it is, if that is news."""
        status = dataclasses.replace(self.status, state=state, reason=reason[-WORDS:], **changes)
        if status != self.status and self.place.folder.is_dir():
            status.save(self.place.folder)
            self.status = status

    def fail(self, reason):
        """Write down why what is wanted can't be done; whoever waits for the revision is told, too."""
        try:
            wanted = Wanted.load(self.place.folder)
        except EngineError:
            wanted = None
        self.say("failed", reason, **({"revision": wanted.revision} if wanted else {}))

    # -- doing

    def _apply(self, wanted):
        if wanted.state == "stopped":
            self.keeper.programs.stop(wanted.code)
            self.say("stopped")
        else:
            self._run(wanted)
        slot = places.slot_of(self.status.slot) if self.status.slot >= 0 else None
        if slot:
            self.keeper.route(wanted.code, routes.alive(wanted.hosts), slot)
        self.applied = wanted.revision
        self.say(self.status.state, self.status.reason, revision=wanted.revision)

    def _run(self, wanted):
        place, programs = self.place, self.keeper.programs
        slot = self._have_slot()
        places.prepare(place, slot, os.stat(place.folder))
        places.write_private(place, slot, program.private_files(self.keeper.stack, place))
        program.write_runtime(self.keeper.stack, wanted, place, slot)
        text = program.start_text(self.keeper.stack, wanted, place, slot, self.keeper.separate)
        is_same = place.start_file.exists() and place.start_file.read_text(encoding="utf-8") == text
        if not is_same or wanted.restarts > self.status.restarts:
            programs.stop(wanted.code)
            write_atomically(place.start_file, text)
        if not programs.is_up(wanted.code):
            self.started_at, self.misses = time.monotonic(), 0
            self.say("starting", restarts=wanted.restarts, separate=self.keeper.separate)
            programs.limit(wanted.code, wanted.memory_mb)
            programs.start(wanted.code, program.entry_command(place))

    def _have_slot(self):
        """Return the runtime's slot: the one it had, unless somebody else has its ports meanwhile."""
        number = self.status.slot
        if number in places.SLOTS:
            slot = places.slot_of(number)
            if self.keeper.programs.is_up(self.place.code) or places.is_free(slot):
                return slot
        with self.keeper.free_slot() as number:
            self.say("starting", slot=number)
        return places.slot_of(number)

    def _remove(self, wanted):
        """Stop it and remove what is left, unless that is a tenant's."""
        left = places.tenants_left(self.place)
        if left:
            raise EngineError(f"Files of {', '.join(left)} are still there.")
        self.keeper.route(wanted.code, set(), None)
        self.keeper.programs.forget(wanted.code)
        places.remove(self.place)
        return False

    # -- looking

    def _look(self, wanted):
        """Say whether it answers. A service that starts is looked at each time, one that runs now and then."""
        now = time.monotonic()
        if wanted.state != "running" or (self.status.state == "running" and now - self.looked_at < LOOK_SECONDS):
            return
        self.looked_at = now
        self.keeper.route(wanted.code, routes.alive(wanted.hosts), places.slot_of(self.status.slot))
        if answers(places.slot_of(self.status.slot).http_port):
            self.misses = 0
            self.say("running")
            return
        self.misses += 1
        if not self.keeper.programs.is_up(wanted.code):
            self.keeper.programs.start(wanted.code, program.entry_command(self.place))
        started = self.status.state == "running" and self.misses > PATIENCE
        if started or (self.status.state == "starting" and now - self.started_at > START_SECONDS):
            self.say("failed", self.keeper.programs.last_words(wanted.code) or "It does not answer.")
