"""Each addon on each series: install, tests, upgrade, uninstall, and not one warning in the log."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from stack.checks.command import ending, run
from stack.checks.context import Context
from stack.checks.report import CheckFailed, CheckSkipped, Counts
from stack.checks.server import database
from stack.logs import ODOO_LINE
from stack.odoo_source import SERIES
from stack.processes import clean_environment
from stack.services import MANAGER_DATABASE, Stack

UNINSTALL = Path(__file__).parent / "uninstall_addon.py"
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
PROBLEM_LEVELS = ("WARNING", "ERROR", "CRITICAL")
MINUTES = 15
# What may stand in a log all the same. Each with the reason.
ALLOWED = (
    # The tests run without the browser where there is none, and say so themselves.
    re.compile(r"Chrome executable not found"),
)


@dataclass(frozen=True)
class Addon:
    """How an addon is run.

    :param folder: of the checkout, where it lies
    """

    name: str
    server_wide: tuple = ()
    folder: str = "addons"


ADDONS = (
    Addon("saas_tenant"),
    Addon("saas_manager", ("queue_job", "saas_manager")),
    Addon("saas_example", ("queue_job", "saas_manager"), "examples"),
)


def lanes(context):
    """Return for each series one check for each addon, by name: the series don't disturb each other."""
    return [
        {
            f"odoo {series} {addon.name}": lambda series=series, addon=addon: _check(context, series, addon)
            for addon in ADDONS
        }
        for series in SERIES
    ]


def _check(context, series, addon):
    source = context.odoos.get(series)
    if not source:
        raise CheckSkipped(f"Odoo {series} can't be had on this machine")
    if not (context.root / addon.folder / addon.name).is_dir():
        raise CheckSkipped("no such addon yet")
    with database(context, source) as stack:
        trial = Trial(context, stack, addon)
        counts = trial.odoo("install", f"--init={addon.name}", "--test-enable", f"--test-tags=/{addon.name}")
        counts += trial.odoo("upgrade", f"--update={addon.name}")
        counts += trial.uninstall()
    return counts


@dataclass(frozen=True)
class Trial:
    """One addon on one series.

    :param dict extra: further variables of Odoo's environment
    :param int minutes: how long one run of Odoo may take
    """

    context: Context
    stack: Stack
    addon: Addon
    extra: dict = field(default_factory=dict)
    minutes: int = MINUTES

    def odoo(self, what, *arguments):
        """Run Odoo until it has loaded the addon; its log must be clean, its tests must pass."""
        if self.stack.odoo.series < "19.0":
            arguments = (*arguments, "--without-demo=all")
        ports = [f"--http-port={self.stack.ports['manager']}", f"--gevent-port={self.stack.ports['manager_gevent']}"]
        command = self._command(None, *ports, "--stop-after-init", *arguments)
        return self._run(what, command, "--test-enable" in arguments)

    def uninstall(self):
        """Uninstall the addon; nothing of it may be left in the database."""
        # Odoo refuses to uninstall what is loaded server-wide.
        command = self._command("shell", "--no-http", server_wide=("queue_job",))
        text = f"NAME = {self.addon.name!r}\n{UNINSTALL.read_text()}"
        return self._run("uninstall", command, False, text)

    def _command(self, subcommand, *arguments, server_wide=None):
        stack = self.stack
        addons = [stack.queue_job, *dict.fromkeys((stack.paths.addons, self.context.root / self.addon.folder))]
        return [
            *stack.odoo_command(subcommand, "saas_manager", stack.paths.data("manager"), addons),
            f"--database={MANAGER_DATABASE}",
            f"--db-filter=^{MANAGER_DATABASE}$",
            f"--load={stack.odoo.server_wide(*(server_wide or self.addon.server_wide))}",
            "--workers=0",
            "--max-cron-threads=0",
            *arguments,
        ]

    def _run(self, what, command, with_tests, text=None):
        log = self.context.log(f"odoo-{self.stack.odoo.series}-{self.addon.name}-{what}")
        code, output = run(
            command,
            log,
            # No job runs by itself: the tests run those that they mean to.
            environment=clean_environment(
                **self.stack.manager_environment(), ODOO_QUEUE_JOB_CHANNELS="root:0", **self.extra
            ),
            cwd=self.stack.odoo.home,
            text=text,
            timeout=self.minutes * 60,
        )
        counts = _tests(output) if with_tests else Counts(passed=1)
        problems = _problems(output)
        if code or problems or counts.failed:
            found = "\n".join(problems[:40]) or ending(output, log)
            raise CheckFailed(
                f"{what}: exit code {code}, see {log}\n{found}", counts + Counts(failed=not counts.failed)
            )
        if with_tests and not counts.passed:
            raise CheckFailed(f"{what}: no test ran, see {log}")
        return counts


def _tests(output):
    results = [tuple(map(int, found)) for found in RESULT.findall(output)]
    failed = sum(failures + errors for failures, errors, _all in results)
    return Counts(passed=sum(all_tests for _failures, _errors, all_tests in results) - failed, failed=failed)


def _problems(output):
    """Return the lines of a log that should not be there."""
    problems = []
    for line in output.splitlines():
        match = ODOO_LINE.match(line)
        if match and match[2] in PROBLEM_LEVELS and not any(allowed.search(line) for allowed in ALLOWED):
            problems.append(line)
        elif line.startswith("Traceback "):
            problems.append(line)
    return problems
