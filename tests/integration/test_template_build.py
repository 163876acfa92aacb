"""Building templates: sealed in the end, or nothing left; with a stand-in for odoo-bin and for the tenant service."""

import dataclasses

import psutil
import pytest
from saas_engine import naming, template_build
from saas_engine.cluster import Cluster
from saas_engine.errors import BuildError, RetryableError
from saas_engine.template_build import TemplateSpec
from support import fake_odoo, killing, tenants
from support.crashing import Point, halted_at

SPEC = TemplateSpec("blank", 1, ["base", "web"], "de_DE", "DE", "EUR", "Europe/Berlin", "A4")
KEY = naming.template_key(SPEC.database)


@pytest.fixture(autouse=True)
def _nothing_left(builder):
    yield
    discard(builder, SPEC.database)


def discard(builder, database):
    builder.discard(database, tenants.order("template", naming.template_key(database), "replaced"))


def traces(builder):
    """Return what there is of the template, anywhere."""
    cluster, name = builder.cluster, SPEC.database
    found = [database for database in (name, f"new_{KEY}") if cluster.database(database)]
    found += [path.name for path in [builder.runtime.filestore(name)] if path.exists()]
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [f"tenant_{KEY}"])
        found += [role for (role,) in cr.fetchall()]
    return found + (["entry"] if builder.directory.entry(KEY) else [])


def test_built_and_cloned(builder, service):
    lines, seen = [], []
    service.on_login = seen.append
    assert builder.build(SPEC, lines.append) == "tpl_blank_v1"
    assert builder.cluster.database("tpl_blank_v1").sealed
    assert traces(builder) == ["tpl_blank_v1", "tpl_blank_v1"]
    assert seen[0].hosts[0].endswith(".build.invalid")
    text = "\n".join(lines)
    assert "--without-demo=all" in text
    # Language and country first: the apps look at them while they are installed. And base only once.
    order = ["-i base --stop-after-init", "choices de_DE DE EUR Europe/Berlin A4", "-i web --stop-after-init"]
    positions = [text.index(part) for part in order] + [text.rindex("choices")]
    assert positions == sorted(positions)
    provisioner = tenants.Provisioner(builder.cluster, builder.runtime, builder.settings)
    spec = tenants.make_spec(template_database="tpl_blank_v1")
    tenants.provision(provisioner, spec)
    provisioner.verify(spec)
    provisioner.undo(spec)


def test_again_is_done_already(builder):
    builder.build(SPEC)
    lines = []
    assert builder.build(SPEC, lines.append) == "tpl_blank_v1"
    assert lines == []


def test_discard(builder):
    builder.build(SPEC)
    for _ in range(2):
        discard(builder, "tpl_blank_v1")
        assert traces(builder) == []


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (["base", "crash"], "(?s)ended with code 255.*module crash failed to install"),
        (["base", "unknown", "sale"], "Odoo did not install sale, unknown"),
        (["hang"], "took longer than 1 s"),
    ],
)
def test_failed_build_leaves_nothing(builder, monkeypatch, modules, message):
    monkeypatch.setattr(template_build, "INSTALL_SECONDS", 1.4 if "hang" in modules else 60)
    with pytest.raises(BuildError, match=message):
        builder.build(dataclasses.replace(SPEC, modules=modules))
    assert traces(builder) == []


def test_page_that_does_not_come(builder, service):
    service.broken.add("/web/login")
    with pytest.raises(BuildError, match="HTTP 404"):
        builder.build(SPEC)
    assert traces(builder) == []


def test_page_without_its_script(builder, service):
    service.broken.add("/web/assets/1/a.js")
    with pytest.raises(BuildError, match=r"lacks /web/assets/1/a\.js \(HTTP 404\)"):
        builder.build(SPEC)
    assert traces(builder) == []


def test_assets_made_by_the_first_visitor(builder, service, monkeypatch):
    for name, value in builder.runtime.environment.items():
        monkeypatch.setenv(name, value)
    service.on_login = lambda entry: fake_odoo.store_asset(entry.db)
    with pytest.raises(BuildError, match="1 bundles of the login page were not generated"):
        builder.build(SPEC)
    assert traces(builder) == []


def test_one_build_at_a_time(builder, monkeypatch):
    monkeypatch.setattr("saas_engine.cluster.LOCK_SECONDS", 0.1)
    mine = builder.cluster
    other_job = Cluster("localhost", mine.port, password=mine._password)  # under this name, a connection of its own
    with other_job.locked(KEY), pytest.raises(RetryableError, match="Another job"):
        builder.build(SPEC)


@pytest.mark.one_version
@pytest.mark.parametrize("number", [12, 40, 70])
def test_killed_anywhere(builder, monkeypatch, number):
    killing.kill_at(monkeypatch, number, lambda: builder.build(SPEC))
    assert builder.build(SPEC) == "tpl_blank_v1"
    assert traces(builder) == ["tpl_blank_v1", "tpl_blank_v1"]


@pytest.mark.one_version
def test_worker_killed_while_odoo_is_at_work(builder):
    """What it had started ends with it, or the second try would meet it in the database of the same name."""
    spec, point = dataclasses.replace(SPEC, modules=["hang"]), Point("at work", "processes._feed", call=3)
    with halted_at(point, lambda: builder.build(spec)) as worker:
        [odoo] = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
        odoo.wait(5)
    assert builder.build(SPEC) == "tpl_blank_v1"
