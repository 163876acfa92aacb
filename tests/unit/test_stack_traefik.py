"""What the public door refuses, in all spellings that Odoo would read as the same path."""

import json
import re

import pytest

from stack import traefik

PORTS = {"public": 8080, "manager": 1, "manager_gevent": 2, "tenant": 3, "tenant_gevent": 4}


@pytest.mark.parametrize(
    "path",
    [
        "/web/database/manager",
        "/web/database",
        "/web/database?x=1",
        "//web///database/selector",
        "/fr/web/database/selector",
        "/WEB/Database/manager",
        "/web%2Fdatabase/manager",
        "/web%2fdatabase%2Fmanager",
        "/web%252fdatabase",
        "/web%5Cdatabase",
        "/queue_job/runjob",
        "/queue_job//runjob?db=manager",
        "/queue_job%2frunjob",
    ],
)
def test_refused(path):
    assert re.search(traefik.REFUSED, path)


@pytest.mark.parametrize(
    "path", ["/", "/web", "/web/login", "/odoo/databases", "/my/database", "/web/static/database.png", "/queue_jobs"]
)
def test_let_through(path):
    assert not re.search(traefik.REFUSED, path)


@pytest.fixture
def written(tmp_path):
    traefik.write(tmp_path, PORTS, ("127.0.0.1", "::1"), "example.test")
    return tmp_path


def test_listens_where_it_should_and_shows_nothing_of_its_own(written):
    text = (written / "traefik.yml").read_text()
    assert '"127.0.0.1:8080"' in text
    assert '"[::1]:8080"' in text
    assert set(json.loads(text)) == {"entryPoints", "providers", "log", "global"}


def test_the_manager_comes_before_the_catch_all(written):
    manager, shared = ((written / "routes" / name).read_text() for name in ("manager.yml", "shared.yml"))
    assert "Host(`manager.example.test`)" in manager
    assert priority(manager) > priority(shared)
    assert "http://127.0.0.1:1" in manager
    assert "http://127.0.0.1:4" in shared


def priority(text):
    return min(map(int, re.findall(r"priority: (\d+)", text)))
