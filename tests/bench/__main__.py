"""`make bench`: what provisioning costs, as ratios measured in one run on one machine.

    python -m bench [--demo-json FILE] [--markdown FILE]

Needs a running stack (`make up`). Everything it creates is deleted at the end.
"""

import argparse
import os
import sys
from pathlib import Path

from support.demo import Demo

from bench import pages, provisioning, reference, scale, templates, verticals
from bench.report import Report

ROOT = Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    default = Path(os.environ.get("SAAS_RUN_DIR") or ROOT / ".run") / "demo.json"
    parser.add_argument("--demo-json", type=Path, default=default)
    parser.add_argument("--markdown", type=Path, help="write the table into this file too")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="leave out the other verticals, whose builds take minutes")
    options = parser.parse_args()
    demo, report = Demo(options.demo_json), Report()
    with provisioning.Bench(demo) as bench:
        with templates.pool(demo, templates.get(demo, "blank"), 0):
            blank(demo, bench, report, options.rounds)
        if not options.quick:
            verticals.measure(demo, bench, report)
    for name, seconds in pages.measure(demo, 1000):
        report.add_limit(f"{name} of 1,000 instances, RPC and proxy included", seconds, below=0.2)
    scale.add_rows(report, scale.measure(demo))
    text = report.text(demo)
    print(text)
    if options.markdown:
        options.markdown.write_text(report.markdown(demo))
    return 1 if report.failed else 0


def blank(demo, bench, report, rounds):
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
    sys.exit(main())
