"""`make bench`: what provisioning costs, as ratios measured in one run on one machine.

    python -m bench [--demo-json FILE] [--markdown FILE] [--only GROUP,…]

Needs a running stack (`make up`), but for the rows of `density`, which have a house of their own. Everything it
creates is deleted at the end.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from support.demo import Demo

from bench import density, pages, provisioning, reference, scale, templates, usage, verticals
from bench.report import Report

ROOT = Path(__file__).resolve().parents[2]
ON_STACK = ("single", "usage", *verticals.GOALS, "backend", "scale")
ENDING = (signal.SIGINT, signal.SIGTERM)
GROUPS = (*ON_STACK, density.GROUP, *density.ROWS)


def end_once(_number, _frame):
    """End in order: what was started is stopped. Further signals (a terminal's and `make`'s) must not disturb that."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    for number in ENDING:
        signal.signal(number, end_once)
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    default = Path(os.environ.get("SAAS_RUN_DIR") or ROOT / ".run") / "demo.json"
    parser.add_argument("--demo-json", type=Path, default=default)
    parser.add_argument("--markdown", type=Path, help="write the table into this file too")
    parser.add_argument("--section", type=Path, help="write the rows of density into their section of this file")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tenants", type=int, default=300, help="how many the house of the rows of density has")
    parser.add_argument("--quick", action="store_true", help="leave out the other verticals, whose builds take minutes")
    parser.add_argument("--only", type=groups, default=set(GROUPS), help=f"some of {', '.join(GROUPS)}")
    options = parser.parse_args()
    only = options.only - set(verticals.GOALS) if options.quick else options.only
    report, versions = Report(), []
    if only & set(ON_STACK):
        versions.append(on_stack(Demo(options.demo_json), report, only, options.rounds))
    if rows := density.wanted(only):
        versions.append(density.measure(report, rows, options.tenants))
    print(report.text(versions[0]))
    if options.markdown:
        options.markdown.write_text(report.markdown(versions[0]))
    if options.section:
        document = options.section.read_text()
        options.section.write_text(report.section(density.TITLE, versions[0], document))
    return 1 if report.failed else 0


def on_stack(demo, report, only, rounds):
    """Add the rows that are measured on the running stack; return its versions, in words."""
    with provisioning.Bench(demo) as bench:
        if "single" in only:
            with templates.pool(demo, templates.get(demo, "blank"), 0):
                single(demo, bench, report, rounds)
        verticals.measure(demo, bench, report, only)
    if "usage" in only:
        for which, seconds in zip(("first", "second"), usage.measure(demo, 100), strict=True):
            report.add_limit(f"usage of 100 tenants, {which} run of a day", [seconds], below=20.0)
    if "backend" in only:
        for name, seconds in pages.measure(demo, 1000):
            report.add_limit(f"{name} of 1,000 instances, RPC and proxy included", seconds, below=0.2)
    if "scale" in only:
        scale.add_rows(report, scale.measure(demo))
    with demo.superuser() as cr:
        cr.execute("SHOW server_version")
        [postgres] = cr.fetchone()
    return f"Odoo {demo.description['odoo']}, PostgreSQL {postgres}"


def groups(text):
    """Return the groups of rows that a comma-separated text names, a set."""
    names = set(text.split(","))
    if unknown := names - set(GROUPS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(GROUPS)}")
    return names


def single(demo, bench, report, rounds):
    """Add the rows of the Blank template, without a pool."""
    one = bench.one_by_one(rounds)
    report.add_times("click to login page, one by one", one)
    stock = reference.fresh_installs(demo)
    report.add_ratio("fresh install of the same modules / click to login page", stock, one, at_least=10)
    report.add_limit("click to login page, median", one, below=2.0)
    duplicate = reference.duplicates(demo)
    report.add_ratio("Odoo's duplicate to login page / click to login page", duplicate, one, at_least=1.0)
    work, bare = reference.database_work(demo)
    report.add_ratio("database work of one provision / bare CREATE DATABASE … TEMPLATE", work, bare, at_most=2.0)
    report.add_limit("20 provisions at once, all active", [bench.all_at_once(20)], below=40.0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
