"""A manager with many subscriptions: what a night of renewals costs, and how long the lists of 10,000 rows take.

Measured inside the manager's own Odoo (`scale_script.py` in its shell, on the database of the running stack), in a
transaction that is taken back: server time alone, and nothing to clean up.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("scale_script.py")
MARK = "SCALE "
MINUTES = 30


def measure(demo):
    """Return what the script has measured.

    :return: a dict: `renewal` with queries and seconds (its own and those of bare invoices), and for each model a list
        of pairs of queries and seconds
    :raise RuntimeError: with the end of the shell's output
    """
    environment = {**os.environ, "SAAS_RUN_DIR": str(demo.run_dir)}
    command = [sys.executable, "-m", "stack", "shell"]
    with open(SCRIPT, encoding="utf-8") as script:
        shell = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=script,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
    found = [line.partition(MARK)[2] for line in shell.stdout.splitlines() if MARK in line]
    if not found:
        raise RuntimeError(f"nothing was measured:\n{shell.stdout[-4000:]}")
    return json.loads(found[-1])


def add_rows(report, found):
    """Add what was measured to the table."""
    renewal = found["renewal"]
    report.add_number(
        "queries per renewal of 1,000 subscriptions, beyond account.move's own",
        renewal["queries"] - renewal["own_queries"],
        at_most=4,
        remark=f"{renewal['queries']:.1f} against {renewal['own_queries']:.1f} for the invoices alone",
    )
    report.add_ratio(
        "renewal of 1,000 subscriptions / the same invoices alone",
        [renewal["seconds"]],
        [renewal["own_seconds"]],
        at_most=2,
    )
    for model, name in (("saas.instance", "instances"), ("saas.subscription", "subscriptions")):
        seconds = [seconds for _queries, seconds in found[model]]
        report.add_limit(f"list of 10,000 {name}, page, number and groups, server time", seconds, below=0.5)
