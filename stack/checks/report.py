"""What a check found, and the table at the end."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from stack import console

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "yellow")}


class CheckFailed(Exception):
    """A check found a fault. The message is what it found."""

    def __init__(self, message, counts=None):
        super().__init__(message)
        self.counts = counts or Counts(failed=1)


class CheckSkipped(Exception):
    """A check can't run on this machine. The message is why."""


@dataclass
class Counts:
    """How many tests a check ran; a check that is no suite of tests counts as one."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass
class Outcome:
    name: str
    state: str
    counts: Counts
    seconds: float
    remark: str = ""


@dataclass
class Report:
    """Runs checks and remembers how they ended."""

    outcomes: list = field(default_factory=list)

    def run(self, name, check):
        """Run a check: a function without arguments that returns its Counts."""
        began = time.monotonic()
        console.say(f"  {console.paint('·', 'cyan')} {name} …")
        try:
            state, counts, remark = "passed", check(), ""
        except CheckSkipped as reason:
            state, counts, remark = "skipped", Counts(skipped=1), str(reason)
        except CheckFailed as fault:
            state, counts, remark = "failed", fault.counts, str(fault)
        self.outcomes.append(Outcome(name, state, counts, time.monotonic() - began, remark))
        self._print_end(self.outcomes[-1], began)

    def run_side_by_side(self, lanes):
        """Run groups of checks beside each other, the checks of a group one after the other.

        :param lanes: a dict for each group, with its checks by name
        """
        with ThreadPoolExecutor(max(len(lanes), 1)) as pool:
            for lane in [pool.submit(self._run_lane, lane) for lane in lanes]:
                lane.result()

    def _run_lane(self, lane):
        for name, check in lane.items():
            self.run(name, check)

    def _print_end(self, outcome, began):
        mark = console.paint(*MARKS[outcome.state])
        console.say(f"  {mark} {outcome.name}: {outcome.counts} {console.paint(console.seconds(began), 'grey')}")
        for line in outcome.remark.splitlines():
            console.say(f"      {line}")

    @property
    def total(self):
        return sum((outcome.counts for outcome in self.outcomes), Counts())

    @property
    def failed(self):
        return any(outcome.state == "failed" for outcome in self.outcomes)

    def print_table(self, warnings=()):
        """Print what ran, what did not and why, and the totals as the last line."""
        width = max(len(outcome.name) for outcome in self.outcomes)
        console.say()
        for outcome in self.outcomes:
            mark = console.paint(*MARKS[outcome.state])
            # Of a failure the first line; all of it stands above.
            remark = outcome.remark.splitlines()[0] if outcome.remark else ""
            line = f"  {mark} {outcome.name:{width}}  {outcome.seconds:6.1f} s  {outcome.counts!s:35}  {remark}"
            console.say(line.rstrip())
        for outcome in self.outcomes:
            if outcome.state == "skipped":
                console.warn(f"NOT RUN: {outcome.name}: {outcome.remark.splitlines()[0]}")
        for warning in warnings:
            console.warn(warning)
        console.say()
        console.say(str(self.total))
