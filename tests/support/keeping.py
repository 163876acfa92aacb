"""A keeper whose programs are not started, and one runtime that it keeps."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from saas_engine.runtime_wanted import Status, Wanted, write

from stack import proxy_limits
from stack.keeper import kept, places, routes
from stack.keeper.keeper import Keeper
from stack.keeper.kept import Kept
from stack.odoo_source import OdooSource
from stack.paths import Paths
from stack.secret_files import SecretFiles
from stack.services import Stack

ROOT = Path(__file__).resolve().parents[2]
CODE = "own-1"


class FakePrograms:
    """Starts nothing, and remembers what it was asked for."""

    def __init__(self):
        self.asked, self.up = [], set()

    def start(self, code, command):
        self.asked.append("start")
        self.up.add(code)

    def stop(self, code):
        self.asked.append("stop")
        self.up.discard(code)

    def forget(self, code):
        self.asked.append("forget")
        self.up.discard(code)

    def limit(self, code, memory_mb):
        self.asked.append(f"limit {memory_mb}")

    def is_up(self, code):
        return code in self.up

    def last_words(self, code):
        return "no such database"


@pytest.fixture
def stack(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    paths = Paths(ROOT, run, tmp_path)
    (paths.traefik / "routes").mkdir(parents=True)
    paths.dedicated.mkdir()
    paths.dedicated_private.mkdir()
    cluster = SimpleNamespace(host="127.0.0.1", port=5432, program=None, binaries=None)
    ports = dict.fromkeys(("public", "manager", "manager_gevent", "tenant", "tenant_gevent", "smtp", "mail"), 1)
    secrets = SecretFiles(run, ROOT / "addons" / "saas_manager")
    return Stack(
        paths, ports, OdooSource(tmp_path, "18.0", ""), cluster, secrets, Path(sys.executable), tmp_path, tmp_path, ()
    )


@pytest.fixture
def keeper(stack):
    return Keeper(stack, FakePrograms(), stack.paths.traefik, proxy_limits.DEMO, separate=False)


@pytest.fixture
def answering(monkeypatch):
    """Whether services answer; they do."""
    answers = {"now": True}
    monkeypatch.setattr(places, "is_free", lambda slot: True)
    monkeypatch.setattr(kept, "answers", lambda port: answers["now"])
    return answers


@pytest.fixture
def one(keeper, answering):
    """A runtime that is wanted and runs."""
    folder = keeper.folder / CODE
    folder.mkdir(mode=0o700)
    write(folder / "secret", "s" * 40)
    write(folder / "pgpass", f"*:*:*:saas_gateway_{CODE}:{'p' * 40}\n")
    want(keeper, hosts={"acme.example.com": None})
    made = Kept(keeper, CODE)
    assert made.step()
    return made


def want(keeper, **changes):
    folder = keeper.folder / CODE
    before = Wanted.load(folder) or Wanted(CODE)
    values = {**json.loads(json.dumps(vars(before))), **changes, "revision": before.revision + 1}
    Wanted(**values).save(folder)


def status(keeper):
    return Status.load(keeper.folder / CODE)


def route(keeper):
    path = routes.file(keeper.traefik, CODE)
    return path.read_text() if path.exists() else None
