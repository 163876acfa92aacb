"""One tenant's slow requests never keep all workers: the last one is there for its neighbours.

Requests count once they are older than `OLD` seconds, because a page loads many at the same time. A tenant that has
kept the whole house busy all the same (with slow requests that began together) has each of its requests counted for a
while, however young.
"""

import math
import mmap
import time
from typing import NamedTuple

OLD = 2.0  # seconds from which on a request is slow
WATCHED = 30.0  # seconds for which a tenant that kept all workers busy is counted strictly
YOUNG = 0.25  # seconds in which a request of a watched tenant may turn out to be a quick one …
PATIENCE, TICK = 0.1, 0.01  # … so that the next one may wait a little for it: a page loads many at the same time


class Slot(NamedTuple):
    """What one worker is doing, and whom it has seen taking the whole house. Tenants are numbers; 0 is nobody."""

    tenant: int = 0
    since: float = math.inf
    watched: int = 0
    watched_until: float = 0.0


class Board:
    """What all workers are doing, in memory that they share.

    Each worker writes a slot of its own, so that nothing has to be locked. Who reads meanwhile may find that a worker
    is at nothing yet, or at nothing any more, but never a tenant beside the time of another, or of nobody: a quick
    request would count as one that has run for ever.

    :param int slots: how many workers there may be at once
    """

    _words = len(Slot._fields)

    def __init__(self, slots):
        self.slots = slots
        memory = memoryview(mmap.mmap(-1, slots * self._words * 8))
        # Words of eight bytes, written and read whole: `struct` would fill in zeros first, and byte after byte then.
        self._numbers, self._times = memory.cast("Q"), memory.cast("d")

    def slots_now(self):
        """Return what each slot says now."""
        return [self.get(number) for number in range(self.slots)]

    def get(self, number):
        """Return what one slot says now: a tenant first, so that the time is never that of one before it."""
        at, numbers, times = number * self._words, self._numbers, self._times
        return Slot(numbers[at], times[at + 1], numbers[at + 2], times[at + 3])

    def mentions(self, tenant):
        """Tell whether a worker may be at a request of the tenant, or have seen it taking the whole house.

        A time whose bits are that number is as unlikely as it is harmless: who asks looks at the slots then.
        """
        return tenant in self._numbers.tolist()

    def put_request(self, number, tenant=0, since=math.inf):
        """Say whose request one worker is at, and since when."""
        self._put(number * self._words, tenant, since)

    def put_watch(self, number, tenant=0, until=0.0):
        """Say whom one worker has seen taking the whole house, and until when that counts."""
        self._put(number * self._words + 2, tenant, until)

    def _put(self, at, tenant, moment):
        """Write a tenant and the time beside it: nobody's name, while the time is written."""
        self._numbers[at] = 0
        self._times[at + 1] = moment
        self._numbers[at] = tenant


class Share:
    """This worker's part in keeping the shares.

    :param Board board: common to all workers
    :param int number: of this worker's slot
    :param int workers: how many workers serve requests
    :param clock: seconds, the same in all workers
    :param sleep: how to wait for some seconds of that clock
    """

    def __init__(self, board, number, workers, clock=time.monotonic, sleep=time.sleep):
        self.board, self.number, self.workers, self._clock, self._sleep = board, number, workers, clock, sleep
        self.is_at_work = False  # whatever the slot says: processes that serve nobody inherit this object, too
        board.put_request(number)  # whoever had it before is dead
        board.put_watch(number)

    def admits(self, tenant):
        """Tell whether this worker may take a request of the tenant, or has to be left to the others."""
        if not self.board.mentions(tenant):
            return True  # most requests, at a fifth of the price of what follows
        deadline = self._clock() + PATIENCE
        while True:
            now, slots = self._clock(), self.board.slots_now()
            watched = self._is_watched(slots, tenant, now)
            if self._running(slots, tenant, 0.0 if watched else OLD, now) < self._most():
                return True
            if not watched or now >= deadline or self._running(slots, tenant, YOUNG, now) >= self._most():
                return False
            self._sleep(TICK)

    def begin(self, tenant):
        """Count a request of the tenant from now on."""
        self.is_at_work = True
        self.board.put_request(self.number, tenant, self._clock())

    def pause(self):
        """Don't count the request at hand for a while: what it is waiting for is not the tenant's doing."""
        self.board.put_request(self.number, self._mine().tenant)

    def resume(self):
        """Count it again, as if it had just begun."""
        self.board.put_request(self.number, self._mine().tenant, self._clock())

    def end(self):
        """Note that the request is over. A tenant whose slow ones kept all workers is watched, while it is slow."""
        self.is_at_work = False
        now, mine = self._clock(), self._mine()
        if now - mine.since >= OLD and self._is_to_be_watched(mine.tenant, now):
            self.board.put_watch(self.number, mine.tenant, now + WATCHED)
        self.board.put_request(self.number)

    def _is_to_be_watched(self, tenant, now):
        slots = self.board.slots_now()
        return self._running(slots, tenant, OLD, now) > self._most() or self._is_watched(slots, tenant, now)

    def _most(self):
        """Return how many slow requests of one tenant may run at once: one worker less than there are."""
        return max(self.workers - 1, 1)

    def _mine(self):
        return self.board.get(self.number)

    @staticmethod
    def _running(slots, tenant, age, now):
        return sum(slot.tenant == tenant and now - slot.since >= age for slot in slots)

    @staticmethod
    def _is_watched(slots, tenant, now):
        return any(slot.watched == tenant and slot.watched_until > now for slot in slots)
