"""Clones that wait for a tenant: made, taken by one tenant alone, killed anywhere, thrown away."""

import threading
import uuid

import psycopg2
import pytest
from saas_engine import filestore
from saas_engine.errors import DiskFullError, DropRefusedError, NameTakenError, TemplateNotReadyError
from saas_engine.pool import Pool
from support import killing, postgres, tenants

STEPS = ("clone_database", "clone_filestore", "personalise", "publish")


@pytest.fixture
def pool(cluster, runtime):
    """The pool, emptied in the end."""
    made = Pool(cluster, runtime)
    yield made
    for key in made.keys():
        made.discard(tenants.order("pool", key, "discarding"))


@pytest.fixture
def key(pool):
    """The key of a clone that waits."""
    made = uuid.uuid4().hex
    pool.fill(made, tenants.TEMPLATE)
    return made


def oid(superuser, name):
    """Return a database's number, which a rename keeps."""
    rows = superuser("SELECT oid FROM pg_database WHERE datname = %s", parameters=[name])
    return rows[0][0] if rows else None


def take(provisioner, spec):
    for step in STEPS:
        getattr(provisioner, step)(spec)


def test_it_waits_closed(pool, key, cluster, server):
    database = cluster.database(f"pool_{key}")
    assert (database.comment, database.allows_connections) == (f"saas:{key}", False)
    assert pool.keys() == pool.complete_keys() == {key}
    assert sorted(path.name for path in pool.runtime.filestore(f"pool_{key}").glob("*/*")) == ["ab12", "cd34"]
    with pytest.raises(psycopg2.OperationalError, match="not currently accepting connections"):
        psycopg2.connect(
            host=server.host,
            port=server.port,
            user="postgres",
            password=postgres.SUPERUSER_PASSWORD,
            dbname=f"pool_{key}",
        )
    pool.fill(key, tenants.TEMPLATE)


def test_taken(pool, key, provisioner, cluster, superuser):
    waiting = oid(superuser, f"pool_{key}")
    spec = tenants.make_spec(pool_key=key)
    try:
        for _ in range(2):
            take(provisioner, spec)
        assert oid(superuser, spec.subdomain) == waiting
        assert pool.keys() == set()
        assert cluster.database(spec.subdomain).comment == f"saas:{spec.key}"
        assert len(list(pool.runtime.filestore(spec.subdomain).glob("*/*"))) == 2
        with provisioner.connect(spec) as connection, connection.cursor() as cr:
            cr.execute("SELECT value FROM ir_config_parameter WHERE key = 'saas.key'")
            assert cr.fetchall() == [(spec.key,)]
        assert provisioner.directory.entry(spec.key).state == "active"
    finally:
        provisioner.undo(spec)
    assert cluster.database(spec.subdomain) is None


def test_two_tenants_of_one_clone(pool, key, provisioner, superuser):
    """The manager gives a clone to one; should two ask all the same, the second gets one of its own."""
    waiting = oid(superuser, f"pool_{key}")
    specs = [tenants.make_spec(pool_key=key) for _ in range(3)]
    threads = [threading.Thread(target=take, args=[provisioner, spec]) for spec in specs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        found = [oid(superuser, spec.subdomain) for spec in specs]
        assert len(set(found)) == 3 and None not in found
        assert found.count(waiting) == 1
        assert all(provisioner.runtime.filestore(spec.subdomain).is_dir() for spec in specs)
        assert pool.keys() == set()
    finally:
        for spec in specs:
            provisioner.undo(spec)


def test_a_clone_that_is_gone(pool, key, provisioner, cluster):
    pool.discard(tenants.order("pool", key, "discarding"))
    spec = tenants.make_spec(pool_key=key)
    try:
        take(provisioner, spec)
        assert cluster.database(spec.subdomain).comment == f"saas:{spec.key}"
    finally:
        provisioner.undo(spec)


def test_a_clone_that_somebody_opened(pool, key, provisioner, superuser):
    """What was not closed all the time may not be the template any more."""
    waiting = oid(superuser, f"pool_{key}")
    superuser(f"ALTER DATABASE pool_{key} ALLOW_CONNECTIONS true")
    spec = tenants.make_spec(pool_key=key)
    try:
        take(provisioner, spec)
        assert oid(superuser, spec.subdomain) != waiting
    finally:
        provisioner.undo(spec)
    assert pool.keys() == set()


@pytest.mark.one_version
@pytest.mark.parametrize("step", ["clone_database", "clone_filestore"])
def test_taking_killed_between_any_two_statements(pool, provisioner, monkeypatch, step):
    number, killed = 0, True
    while killed:
        key = uuid.uuid4().hex
        pool.fill(key, tenants.TEMPLATE)
        spec = tenants.make_spec(pool_key=key)
        for earlier in STEPS[: STEPS.index(step)]:
            getattr(provisioner, earlier)(spec)
        killed = killing.kill_at(monkeypatch, number, lambda spec=spec: getattr(provisioner, step)(spec))
        if number % 2:
            take(provisioner, spec)
            assert provisioner.directory.entry(spec.key).state == "active"
            assert len(list(pool.runtime.filestore(spec.subdomain).glob("*/*"))) == 2
        provisioner.undo(spec)
        assert pool.keys() == set(), f"after statement {number}"
        assert provisioner.cluster.database(spec.subdomain) is None
        assert not pool.runtime.filestore(spec.subdomain).exists()
        number += 1
    assert number > 5


def test_killed_between_the_two_renames(pool, key, provisioner):
    spec = tenants.make_spec(pool_key=key)
    try:
        provisioner.clone_database(spec)
        assert (pool.keys(), pool.complete_keys()) == ({key}, set())  # the folder waits still
        take(provisioner, spec)
        assert pool.keys() == set()
        assert len(list(pool.runtime.filestore(spec.subdomain).glob("*/*"))) == 2
    finally:
        provisioner.undo(spec)


@pytest.mark.one_version
def test_filling_killed_between_any_two_statements(pool, monkeypatch):
    number, killed = 0, True
    while killed:
        key = uuid.uuid4().hex
        killed = killing.kill_at(monkeypatch, number, lambda key=key: pool.fill(key, tenants.TEMPLATE))
        if number % 2:
            pool.fill(key, tenants.TEMPLATE)
            assert pool.complete_keys() == {key}
        pool.discard(tenants.order("pool", key, "discarding"))
        assert pool.keys() == set()
        assert pool.cluster.database(f"new_{key}") is None
        number += 1
    assert number > 5


def test_nothing_to_clone(pool):
    with pytest.raises(TemplateNotReadyError):
        pool.fill(uuid.uuid4().hex, "tpl_none_v1")


def test_no_room(pool, monkeypatch):
    monkeypatch.setattr(filestore, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(DiskFullError):
        pool.fill(uuid.uuid4().hex, tenants.TEMPLATE)
    assert pool.keys() == set()


def test_discard_takes_nothing_of_a_tenant(pool, key, provisioner, cluster):
    spec = tenants.make_spec(pool_key=key)
    try:
        take(provisioner, spec)
        pool.discard(tenants.order("pool", key, "discarding"))
        with pytest.raises(DropRefusedError, match=f"is called {spec.subdomain}"):
            pool.discard(tenants.order("pool", spec.key, "discarding"))
        assert pool.cluster.database(spec.subdomain) and provisioner.directory.entry(spec.key)
        assert cluster.database(spec.subdomain).allows_connections
        assert len(list(pool.runtime.filestore(spec.subdomain).glob("*/*"))) == 2
    finally:
        provisioner.undo(spec)


def test_a_database_that_only_has_the_name(pool, superuser):
    key = uuid.uuid4().hex
    superuser(f"CREATE DATABASE pool_{key}")
    try:
        assert pool.keys() == set()
        with pytest.raises(NameTakenError):
            pool.discard(tenants.order("pool", key, "discarding"))
    finally:
        superuser(f"DROP DATABASE pool_{key}")
