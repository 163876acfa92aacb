"""Since when each cron worker of a service has been at one visit, in memory that they share."""

import math
import mmap
import time

STUCK = 1.5  # seconds from which on a worker's other databases are better served by somebody else


class Visits:
    """Written by each worker in a word of its own, which all others read whole: nothing has to be locked.

    :param int workers: how many there may be
    """

    def __init__(self, workers, clock=time.monotonic):
        self._begun, self._clock = memoryview(mmap.mmap(-1, 8 * workers)).cast("d"), clock
        for number in range(workers):
            self.end(number)

    def begin(self, number):
        """Say that a worker is at a visit from now on."""
        self._begun[number] = self._clock()

    def end(self, number):
        """Say that it is at none: it has ended, or whoever made it is dead."""
        self._begun[number] = math.inf

    def stuck(self):
        """Return the numbers of the workers that have been at the same visit for long."""
        now = self._clock()
        return [number for number, begun in enumerate(self._begun) if now - begun >= STUCK]
