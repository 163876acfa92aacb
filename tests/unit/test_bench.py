"""`make bench` can be started: it needs a stack and minutes, so no other test runs it."""

import argparse
import sys
from pathlib import Path

import pytest


@pytest.fixture
def bench(monkeypatch):
    """The program, as a module."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    from bench import __main__ as bench

    return bench


def test_what_was_counted_is_held_against_its_limit(bench):
    from bench import report, scale

    renewal = {"queries": 16.2, "own_queries": 14.8, "seconds": 30, "own_seconds": 20}
    found = {"renewal": renewal, "saas.instance": [[7, 0.02]], "saas.subscription": [[12, 0.6]]}
    rows = report.Report()
    scale.add_rows(rows, found)
    assert [good for _what, _measured, _goal, good in rows.rows] == ["yes", "yes", "yes", "NO"]
    renewal["queries"] = 19
    rows = report.Report()
    scale.add_rows(rows, found)
    assert rows.rows[0][1:] == ("4.20 (19.0 against 14.8 for the invoices alone)", "at most 4", "NO")


def test_it_has_all_that_it_imports(bench, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "--help"])
    with pytest.raises(SystemExit) as end:
        bench.main()
    assert end.value.code == 0
    assert "--quick" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "names"), [("services", {"services"}), ("single,backend", {"single", "backend"})])
def test_some_rows_can_be_measured_alone(bench, text, names):
    assert bench.groups(text) == names


def test_rows_of_many_tenants_need_no_stack(bench):
    from bench import density

    from stack import cli

    assert {density.GROUP, *density.ROWS} == cli.ALONE
    assert density.wanted({"density"}) == list(density.ROWS)
    assert density.wanted({"single", "clones"}) == ["clones"]
    assert density.wanted({"single"}) == []


def test_a_section_is_replaced_and_the_others_stay(bench):
    from bench import report

    rows = report.Report()
    rows.add_worst("x", [0.5, 2], below=1)
    made = rows.section("Many", "Odoo", "# B\n\nfirst\n")
    assert made.startswith("# B\n\nfirst\n\n## Many\n\n")
    assert "| x | at most 2.00 s (1.25 s, 0.50 to 2.00, n=2) | under 1 s | NO |" in made
    again = rows.section("Many", "Odoo", f"{made}\n## Last\n\nend\n")
    assert again == f"{made}\n## Last\n\nend\n"


def test_short_times_are_given_in_milliseconds(bench):
    from bench import report

    rows = report.Report()
    rows.add_ratio("x", [0.003, 0.0031, 0.02], [0.003], at_most=1.05)
    rows.add_times("y", [0.5])
    assert rows.rows[0][1] == "1.03x (3.1 ms, 3.0 to 20.0, n=3 against 3.0 ms)"
    assert rows.rows[1][1] == "0.50 s"


def test_a_group_that_is_none_is_refused_with_the_names_of_all(bench):
    with pytest.raises(argparse.ArgumentTypeError, match="servises: not one of single, usage, blank, services"):
        bench.groups("services,servises")
