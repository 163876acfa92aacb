"""Which checks run, in which order: the quick ones first."""

import os

from stack import console
from stack.checks import lint, odoo_addons, server, suites
from stack.checks.context import Context
from stack.checks.report import Report
from stack.errors import StackError
from stack.odoo_source import TARGET


def run():
    """Run the checks that ONLY names (all without it); return the exit code."""
    server.forget_given()
    os.environ.pop("DEMO", None)  # the checks count what they find
    context, report = Context.create(), Report()
    wanted = [name for name in os.environ.get("ONLY", "").split(",") if name]
    alone = _wanted(wanted, {**lint.checks(context), **suites.checks(context)})
    lanes = [_wanted(wanted, lane) for lane in (*odoo_addons.lanes(context), suites.unhurried_checks(context))]
    on_stack = _wanted(wanted, suites.stack_checks(context))
    last = _wanted(wanted, suites.last_checks(context))
    count = sum(map(len, (alone, *lanes, on_stack, last)))
    if not count:
        raise StackError(
            f"ONLY={','.join(wanted)} names no check. "
            "Known: lint, unit, integration, gateway, security, odoo, e2e, compose."
        )
    console.say(console.paint(f"{count} checks", "bold"))
    for name, check in alone.items():
        report.run(name, check)
    report.run_side_by_side([lane for lane in lanes if lane])
    if on_stack:
        _run_on_stack(context, report, on_stack)
    for name, check in last.items():
        report.run(name, check)
    report.print_table(() if wanted else _missing(context))
    return 1 if report.failed else 0


def _missing(context):
    """Return what this machine lacks for a full run, in words."""
    if TARGET in context.odoos:
        return []
    found = " and ".join(context.odoos) or "no Odoo at all"
    return [f"ODOO {TARGET}, THE TARGET, IS NOT ON THIS MACHINE: tested was {found}"]


def _wanted(wanted, checks):
    """Keep the checks whose name begins with one of the words that were asked for."""
    return {
        name: check
        for name, check in checks.items()
        if not wanted or any(name == word or name.startswith(f"{word} ") for word in wanted)
    }


def _run_on_stack(context, report, checks):
    stack = suites.RunningStack(context)
    report.run("stack starts", stack.start)
    try:
        for name, check in checks.items():
            report.run(name, check)
    finally:
        stack.stop(keep=report.failed)
