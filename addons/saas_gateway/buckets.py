"""How often something may happen, per name: so many at once, so many a second in the long run."""

import time


class Bucket:
    """What may still happen: fills up to `burst` by `rate` a second."""

    def __init__(self, rate, burst, clock):
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = burst, clock()

    def take(self):
        """Count one, and tell whether there was one left."""
        self._left, self._at = self._filled(), self._clock()
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_full(self):
        """Tell whether nothing was taken for so long that it needs no remembering."""
        return self._filled() >= self._burst

    def _filled(self):
        return min(self._burst, self._left + (self._clock() - self._at) * self._rate)


class Buckets:
    """A bucket for each name that took something lately."""

    def __init__(self, rate, burst, clock=time.monotonic):
        self._settings = (rate, burst, clock)
        self._by_name = {}

    def take(self, name):
        """Count one for a name, and tell whether there was one left."""
        if name not in self._by_name:
            self._by_name = {other: bucket for other, bucket in self._by_name.items() if not bucket.is_full()}
            self._by_name[name] = Bucket(*self._settings)
        return self._by_name[name].take()

    def __len__(self):
        return len(self._by_name)
