"""When a process of the gateway looks into the directory: for requests rarely, and before they come."""

import types

import pytest
from support import addon_files

directory = addon_files.load("saas_gateway", "directory")
VERSION = "SELECT version"


class Link:
    """Answers like the directory's database; notes what it was asked."""

    def __init__(self):
        self.version, self.asked = 1, []

    def execute(self, query, values=None):
        self.asked.append(query)
        if query.startswith(VERSION):
            return [[self.version]]
        return [] if query == directory.READ_REDIRECTS else [self.acme()]

    def acme(self):
        return ["acme", f"key{self.version}", "active", "", {}, {}, ["acme.example.com"], {}]

    @property
    def looks(self):
        return sum(query.startswith(VERSION) for query in self.asked)


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(directory, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def known(clock, monkeypatch):
    """A directory that has been read."""
    monkeypatch.setattr(directory.logins, "look", lambda: False)
    made = directory.Directory()
    made.link = Link()
    assert made.tenant_of("acme.example.com").db == "acme"
    return made


def test_a_copy_serves_for_a_while(known, clock):
    clock[0] += directory.MAX_AGE - 0.01
    assert known.tenant_of("acme.example.com").key == "key1"
    assert known.link.looks == 1


def test_an_old_copy_is_looked_after(known, clock):
    known.link.version = 2
    clock[0] += directory.MAX_AGE + 0.01
    assert known.tenant_of("acme.example.com").key == "key2"


def test_a_stranger_is_looked_for_at_once(known, clock):
    clock[0] += directory.MISS_AGE + 0.01
    assert known.tenant_of("beta.example.com") is None
    assert known.link.looks == 2


def test_who_has_nothing_to_do_looks_before_a_request_has_to(known, clock):
    known.link.version = 2
    clock[0] += directory.EARLY + 0.01
    known.look_ahead()
    assert known.link.looks == 2
    clock[0] += directory.MAX_AGE - 0.01
    assert known.tenant_of("acme.example.com").key == "key2"
    assert known.link.looks == 2


def test_who_has_nothing_to_do_looks_no_more_often(known, clock):
    clock[0] += directory.EARLY - 0.01
    known.look_ahead()
    assert known.link.looks == 1


def test_what_was_never_read_is_left_to_the_first_request(clock):
    made = directory.Directory()
    made.link = Link()
    made.look_ahead()
    assert made.link.asked == []
