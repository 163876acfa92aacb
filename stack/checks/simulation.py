"""`make simulate`: many contracts live for years, day by day, in the real models. The tests live through a few."""

import os
import re

from stack import console
from stack.checks import server
from stack.checks.context import Context
from stack.checks.odoo_addons import ADDONS, Trial
from stack.checks.report import CheckFailed
from stack.errors import StackError
from stack.odoo_source import TARGET

TEST = "/saas_manager:TestSubscriptionSimulation"
USUAL = "200,730,2027"
HOURS = 6
RESULT = re.compile(r"simulated \d+ contracts.*")


def run():
    """Simulate SAAS_SIMULATE=contracts,days,seed on the target's Odoo; return the exit code."""
    wanted = os.environ.get("SAAS_SIMULATE") or USUAL
    if not re.fullmatch(r"\d+,\d+,\d+", wanted):
        raise StackError(f"SAAS_SIMULATE={wanted} is not contracts,days,seed, such as {USUAL}.")
    server.forget_given()
    context = Context.create()
    source = context.odoos.get(TARGET)
    if not source:
        raise StackError(f"Odoo {TARGET} can't be had on this machine.")
    [addon] = [addon for addon in ADDONS if addon.name == "saas_manager"]
    with server.database(context, source) as stack:
        trial = Trial(context, stack, addon, {"SAAS_SIMULATE": wanted}, HOURS * 60)
        console.say(f"Simulating {wanted} (contracts, days, seed): about half an hour on a quiet machine.")
        return _simulate(context, trial, source.series)


def _simulate(context, trial, series):
    try:
        trial.odoo("simulate", "--init=saas_manager", "--test-enable", f"--test-tags={TEST}")
    except CheckFailed as error:
        console.say(str(error))
        return 1
    text = context.log(f"odoo-{series}-saas_manager-simulate").read_text(encoding="utf-8", errors="replace")
    console.say(RESULT.search(text)[0])
    return 0
