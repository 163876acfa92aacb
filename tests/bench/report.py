"""A table of measurements, each against what must be."""

import os
import platform
import statistics

SHORT = 0.01  # seconds below which a median is given in milliseconds


class Report:
    """Collects rows; `failed` tells whether one missed its goal."""

    def __init__(self):
        self.rows = []
        self.failed = False

    def add_times(self, what, seconds):
        self._add(what, self._spread(seconds), "", True)

    def add_ratio(self, what, numerator, denominator, at_least=None, at_most=None):
        """Add the ratio of two medians."""
        ratio = statistics.median(numerator) / statistics.median(denominator)
        good = ratio >= at_least if at_least is not None else ratio <= at_most
        goal = f"at least {at_least:g}x" if at_least is not None else f"at most {at_most:g}x"
        self._add(what, f"{ratio:.2f}x ({self._spread(numerator)} against {self._spread(denominator)})", goal, good)

    def add_number(self, what, number, at_most, remark):
        """Add a number that is counted, not timed."""
        self._add(what, f"{number:.2f} ({remark})", f"at most {at_most:g}", number <= at_most)

    def add_worst(self, what, seconds, below):
        """Add times of which not one may be over the limit."""
        self._add(
            what, f"at most {max(seconds):.2f} s ({self._spread(seconds)})", f"under {below:g} s", max(seconds) < below
        )

    def add_fact(self, what, measured, goal, good):
        """Add something in words."""
        self._add(what, measured, goal, good)

    def add_limit(self, what, seconds, below):
        self._add(what, self._spread(seconds), f"under {below:g} s", statistics.median(seconds) < below)

    def _add(self, what, measured, goal, good):
        self.rows.append((what, measured, goal, "yes" if good else "NO"))
        self.failed |= not good
        print(f"{what}: {measured}{f'  (must be {goal})' if goal else ''}", flush=True)

    @staticmethod
    def _spread(seconds):
        median = statistics.median(seconds)
        unit, factor, form = ("ms", 1000, ".1f") if median < SHORT else ("s", 1, ".2f")
        if len(seconds) == 1:
            return f"{median * factor:{form}} {unit}"
        least, most = (f"{each(seconds) * factor:{form}}" for each in (min, max))
        return f"{median * factor:{form}} {unit}, {least} to {most}, n={len(seconds)}"

    def text(self, versions):
        """Return the rows.

        :param str versions: of Odoo and PostgreSQL, in words
        """
        return "\n".join(
            [
                self._machine(versions),
                *(f"{good:4} {what}: {measured} {goal}" for what, measured, goal, good in self.rows),
            ]
        )

    def markdown(self, versions):
        """Return the whole document."""
        title = ["# Benchmarks", "", "Written by `make bench`: ratios measured in one run on one machine.", ""]
        return "\n".join([*title, *self._body(versions)])

    def section(self, title, versions, document):
        """Return a document with these rows in place of its section of this title, or behind all that it has."""
        before, _title, after = document.partition(f"## {title}\n")
        rest = after.partition("\n## ")
        following = f"\n## {rest[2]}" if rest[1] else ""
        body = "\n".join([f"## {title}", "", *self._body(versions)])
        return f"{before.rstrip()}\n\n{body}{following}"

    def _body(self, versions):
        lines = ["| what | measured (median, range) | must be | reached |", "| --- | --- | --- | --- |"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return [self._machine(versions), "", *lines, ""]

    @staticmethod
    def _machine(versions):
        return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {versions}."
