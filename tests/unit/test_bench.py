"""`make bench` can be started: it needs a stack and minutes, so no other test runs it."""

import sys
from pathlib import Path

import pytest


def test_it_has_all_that_it_imports(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    monkeypatch.setattr(sys, "argv", ["bench", "--help"])
    from bench import __main__ as bench

    with pytest.raises(SystemExit) as end:
        bench.main()
    assert end.value.code == 0
    assert "--quick" in capsys.readouterr().out
