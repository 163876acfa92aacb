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


def test_it_has_all_that_it_imports(bench, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "--help"])
    with pytest.raises(SystemExit) as end:
        bench.main()
    assert end.value.code == 0
    assert "--quick" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "names"), [("services", {"services"}), ("single,backend", {"single", "backend"})])
def test_some_rows_can_be_measured_alone(bench, text, names):
    assert bench.groups(text) == names


def test_a_group_that_is_none_is_refused_with_the_names_of_all(bench):
    with pytest.raises(argparse.ArgumentTypeError, match="servises: not one of single, usage, blank, services"):
        bench.groups("services,servises")
