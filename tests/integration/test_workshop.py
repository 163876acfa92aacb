"""A template is configured by hand: a copy is opened, published as its next version or discarded, killed anywhere."""

import dataclasses
import uuid

import pytest
from saas_engine import naming, personalise, processes, template_build
from saas_engine.errors import BuildError, EngineError, NameTakenError, TemplateNotReadyError
from saas_engine.workshop import Workshop, WorkshopSpec
from support import fake_odoo, killing, tenants

VERSION = "tpl_fake_v2"
VISITS = """
    CREATE TABLE saas_sign_in (id serial PRIMARY KEY, nonce varchar);
    ALTER TABLE res_users ADD COLUMN totp_secret varchar, ADD COLUMN odoobot_state varchar DEFAULT 'disabled';
    INSERT INTO saas_sign_in (nonce) VALUES ('used');
    INSERT INTO bus_bus (message) VALUES ('hello');
    INSERT INTO mail_mail (state) VALUES ('outgoing');
    INSERT INTO res_users_log (create_uid, create_date) VALUES (2, now());
    UPDATE res_users SET password = 'mine', totp_secret = 'mine' WHERE id = 2;
    INSERT INTO res_partner (id, name) VALUES (900, 'Made by hand');
"""
EMPTY = "saas_sign_in bus_bus mail_mail res_users_log ir_cron_trigger".split()


def thrown_away(spec):
    return tenants.order("workshop", spec.key, "discarding")


@pytest.fixture
def shop(builder):
    return Workshop(builder)


@pytest.fixture
def spec(shop, builder):
    """One copy of the fake template; copy and version are removed in the end."""
    key = uuid.uuid4().hex
    host = f"{uuid.uuid4().hex}.example.com"
    made = WorkshopSpec(key, host, f"https://{host}", tenants.TEMPLATE, VERSION)
    yield made
    shop.discard(made, thrown_away(made))
    builder.discard(VERSION, tenants.order("template", naming.template_key(VERSION), "replaced"))


@pytest.fixture
def visited(shop, spec):
    """An open copy that somebody has worked on."""
    shop.open(spec)
    run(shop, spec, VISITS)
    (shop.runtime.filestore(spec.database) / "ab12").write_text("a picture")
    return spec


def run(shop, spec, query):
    with shop._enter(spec) as connection, connection.cursor() as cr:
        cr.execute(query)
        return cr.fetchall() if cr.description else None


def traces(shop, spec, superuser):
    """Return what there is of the copy and of its version, anywhere."""
    names = [spec.database, VERSION, f"new_{spec.key}", f"new_{spec.version_key}"]
    rows = superuser("SELECT datname FROM pg_database WHERE datname = ANY (%s)", parameters=[names])
    found = [name for (name,) in rows]
    found += [f"folder {name}" for name in names if shop.runtime.filestore(name).exists()]
    roles = [f"tenant_{key}" for key in (spec.key, spec.version_key)]
    found += [row[0] for row in superuser("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", parameters=[roles])]
    entries = [shop.directory.entry(key) for key in (spec.key, spec.version_key)]
    return found + [entry.state for entry in entries if entry]


def assert_open(shop, spec):
    database = shop.cluster.database(spec.database)
    assert database.comment == f"saas:{spec.key}" and database.allows_connections and not database.is_template
    assert shop.cluster.database(VERSION) is None and not shop.runtime.filestore(VERSION).exists()
    entry = shop.directory.entry(spec.key)
    assert (entry.db, entry.state, entry.hosts) == (spec.database, "active", (spec.host,))
    assert entry.limits == template_build.LIMITS
    with shop._enter(spec) as connection, connection.cursor() as cr:
        assert personalise.parameter(cr, "web.base.url") == spec.url
        assert personalise.parameter(cr, "database.secret") != "template-secret"
    assert len(list(shop.runtime.filestore(spec.database).glob("*/*"))) >= 2


def assert_published(shop, spec, superuser):
    assert traces(shop, spec, superuser) == [VERSION, f"folder {VERSION}"]
    database = shop.cluster.database(VERSION)
    assert database.sealed and database.comment == f"saas:{spec.version_key}"
    assert (shop.runtime.filestore(VERSION) / "ab12").read_text() == "a picture"


def test_opened(shop, spec, service):
    for _ in range(2):
        shop.open(spec)
        assert_open(shop, spec)
    shop.verify(spec)
    assert shop.cluster.database(tenants.TEMPLATE).sealed


def test_published(shop, visited, superuser, builder, service):
    lines, seen = [], []
    service.on_login = lambda entry: seen.append((entry.hosts[0].rpartition(".")[2], entry.limits))
    for _ in range(2):
        assert shop.publish(visited, lines.append) == VERSION
        assert_published(shop, visited, superuser)
    assert seen == [("invalid", template_build.LIMITS)], "one look, and not at the host that people know"
    assert lines[-1] == f"{VERSION} is complete"
    provisioner = tenants.Provisioner(builder.cluster, builder.runtime, builder.settings)
    tenant = tenants.make_spec(template_database=VERSION)
    tenants.provision(provisioner, tenant)
    with provisioner.connect(tenant) as connection, connection.cursor() as cr:
        cr.execute("SELECT name FROM res_partner WHERE name = 'Made by hand'")
        assert cr.fetchall()
        cr.execute(
            "SELECT FROM res_users WHERE coalesce(password, totp_secret) IS NOT NULL"
            " OR odoobot_state <> 'not_initialized'"
        )
        assert not cr.fetchall()
        for table in EMPTY:
            cr.execute(f"SELECT FROM {table}")  # noqa: S608 - one of the names above
            assert not cr.fetchall(), table
        assert personalise.parameter(cr, "web.base.url") == tenant.url
        cr.execute("SELECT value FROM ir_config_parameter WHERE value LIKE %s", [f"%{visited.host}%"])
        assert not cr.fetchall()
    provisioner.undo(tenant)
    builder.discard(VERSION, tenants.order("template", naming.template_key(VERSION), "replaced"))
    assert traces(shop, visited, superuser) == []


def test_discarded(shop, visited, superuser):
    for _ in range(2):
        shop.discard(visited, thrown_away(visited))
        assert traces(shop, visited, superuser) == []
    assert shop.cluster.database(tenants.TEMPLATE).sealed


def test_whoever_is_in_it_is_put_out(shop, visited):
    with shop._enter(visited) as connection, connection.cursor() as cr:
        cr.execute("SELECT 1")
        assert shop.publish(visited) == VERSION
        with pytest.raises(Exception, match="(?s)terminat|closed"):
            cr.execute("SELECT 1")


def test_discarded_on_its_way_to_a_version(shop, visited, superuser):
    shop.publish(visited)
    for _ in range(2):
        shop.discard(visited, thrown_away(visited))
        assert traces(shop, visited, superuser) == []


@pytest.mark.one_version
class TestKilled:
    """Between any two statements; the next run, or the way back, puts it right."""

    @pytest.fixture(autouse=True)
    def _without_odoo(self, monkeypatch):
        monkeypatch.setattr(processes, "run", lambda *arguments: None)

    def test_while_it_is_opened(self, shop, spec, superuser, monkeypatch):
        number = 0
        while killing.kill_at(monkeypatch, number, lambda: shop.open(spec)):
            if number % 2:
                shop.open(spec)
                assert_open(shop, spec)
            shop.discard(spec, thrown_away(spec))
            assert traces(shop, spec, superuser) == []
            number += 1
        assert number > 15

    def test_while_it_is_published(self, shop, visited, superuser, monkeypatch):
        number = 0
        while killing.kill_at(monkeypatch, number, lambda: shop.publish(visited)):
            if number % 3 == 0:
                shop.publish(visited)
                assert_published(shop, visited, superuser)
            shop.reopen(visited)
            assert_open(shop, visited)
            assert run(shop, visited, "SELECT id FROM res_partner WHERE name = 'Made by hand'")
            number += 1
        assert number > 40
        assert_published(shop, visited, superuser)

    def test_on_the_way_back(self, shop, visited, monkeypatch):
        number = 0
        shop.publish(visited)
        while killing.kill_at(monkeypatch, number, lambda: shop.reopen(visited)):
            shop.reopen(visited)
            assert_open(shop, visited)
            shop.publish(visited)
            number += 1
        assert number > 10

    def test_while_it_is_discarded(self, shop, spec, superuser, monkeypatch):
        number, killed = 0, True
        while killed:
            shop.open(spec)
            killed = killing.kill_at(monkeypatch, number, lambda: shop.discard(spec, thrown_away(spec)))
            shop.discard(spec, thrown_away(spec))
            assert traces(shop, spec, superuser) == []
            number += 1
        assert number > 8

    def test_while_it_is_discarded_on_its_way(self, shop, spec, superuser, monkeypatch):
        number, killed = 0, True
        while killed:
            shop.open(spec)
            (shop.runtime.filestore(spec.database) / "ab12").write_text("a picture")
            shop.publish(spec)
            killed = killing.kill_at(monkeypatch, number, lambda: shop.discard(spec, thrown_away(spec)))
            shop.discard(spec, thrown_away(spec))
            assert traces(shop, spec, superuser) == []
            number += 1
        assert number > 20


class TestRefused:
    """And the work is there still."""

    def test_template_that_is_not_there(self, shop, spec, superuser):
        with pytest.raises(TemplateNotReadyError, match="tpl_none_v1"):
            shop.open(dataclasses.replace(spec, template_database="tpl_none_v1"))
        assert traces(shop, spec, superuser) == []

    def test_page_that_does_not_come(self, shop, visited, service):
        service.broken.add("/web/login")
        with pytest.raises(EngineError, match="HTTP 404"):
            shop.publish(visited)
        shop.reopen(visited)
        assert_open(shop, visited)
        service.broken.clear()
        assert shop.publish(visited) == VERSION

    def test_assets_made_by_the_first_visitor(self, shop, visited, service, monkeypatch):
        for name, value in shop.runtime.environment.items():
            monkeypatch.setenv(name, value)
        service.on_login = lambda entry: fake_odoo.store_asset(entry.db)
        with pytest.raises(BuildError, match="1 bundles"):
            shop.publish(visited)

    def test_version_of_somebody_else(self, shop, visited, superuser):
        superuser(f"CREATE DATABASE {VERSION} OWNER saas_manager")
        with pytest.raises(NameTakenError, match="somebody else"):
            shop.publish(visited)
        shop.reopen(visited)
        assert shop.cluster.database(VERSION).comment == ""
        superuser(f"DROP DATABASE {VERSION}")
        assert_open(shop, visited)

    def test_folder_of_somebody_else(self, shop, visited):
        folder = shop.runtime.filestore(VERSION)
        folder.mkdir()
        with pytest.raises(NameTakenError, match="a folder"):
            shop.publish(visited)
        shop.reopen(visited)
        assert folder.is_dir()
        folder.rmdir()
        assert_open(shop, visited)


def test_others_are_left_alone(shop, visited, provisioner):
    other = tenants.make_spec()
    tenants.provision(provisioner, other)
    neighbour = dataclasses.replace(visited, key=uuid.uuid4().hex, host="n.example.com", version_database="tpl_fake_v3")
    shop.open(neighbour)
    shop.publish(visited)
    shop.discard(neighbour, thrown_away(neighbour))
    assert provisioner.directory.entry(other.key).state == "active"
    assert provisioner.cluster.database(other.subdomain).allows_connections
    assert shop.runtime.filestore(other.subdomain).is_dir()
    assert shop.cluster.database(VERSION).sealed
    provisioner.undo(other)
