"""A table of measurements, each against what must be."""

import os
import platform
import statistics


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

    def add_limit(self, what, seconds, below):
        self._add(what, self._spread(seconds), f"under {below:g} s", statistics.median(seconds) < below)

    def _add(self, what, measured, goal, good):
        self.rows.append((what, measured, goal, "yes" if good else "NO"))
        self.failed |= not good
        print(f"{what}: {measured}{f'  (must be {goal})' if goal else ''}", flush=True)

    @staticmethod
    def _spread(seconds):
        median = statistics.median(seconds)
        if len(seconds) == 1:
            return f"{median:.2f} s"
        return f"{median:.2f} s, {min(seconds):.2f} to {max(seconds):.2f}, n={len(seconds)}"

    def text(self, demo):
        return "\n".join(
            [self._machine(demo), *(f"{good:4} {what}: {measured} {goal}" for what, measured, goal, good in self.rows)]
        )

    def markdown(self, demo):
        lines = ["| what | measured (median, range) | must be | reached |", "| --- | --- | --- | --- |"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        title = ["# Benchmarks", "", "Written by `make bench`: ratios measured in one run on one machine.", ""]
        return "\n".join([*title, self._machine(demo), "", *lines, ""])

    @staticmethod
    def _machine(demo):
        with demo.superuser() as cr:
            cr.execute("SHOW server_version")
            [postgres] = cr.fetchone()
        odoo = demo.description["odoo"]
        return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Odoo {odoo}, PostgreSQL {postgres}."
