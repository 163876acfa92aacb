"""A server belongs to the first manager that works with it; a second one is refused whatever it tries."""

import contextlib
import threading
import uuid

import psycopg2
import pytest
from saas_engine import dropping, ownership
from saas_engine.cluster import Cluster
from saas_engine.directory import Directory
from saas_engine.errors import ConfigurationError, NotOwnerError
from saas_engine.ownership import Manager
from saas_engine.pool import Pool
from support import tenants

FIRST = Manager("11111111-1111-1111-1111-111111111111", "https://first.example (manager)")
SECOND = Manager("22222222-2222-2222-2222-222222222222", "https://second.example (manager)")


@pytest.fixture
def as_manager(server, superuser):
    """A function that gives the cluster as a manager's; in the end it is nobody's."""
    superuser("DELETE FROM saas.owner")
    yield lambda manager: Cluster(server.host, server.port, password=tenants.MANAGER_PASSWORD, manager=manager)
    superuser("DELETE FROM saas.owner")


@contextlib.contextmanager
def session_as(server, user, password):
    """Give a cursor on the directory's database as another role."""
    connection = psycopg2.connect(host=server.host, port=server.port, user=user, password=password, dbname="postgres")
    with contextlib.closing(connection):
        connection.autocommit = True
        yield connection.cursor()


def owners(superuser):
    return superuser("SELECT manager_uuid, name FROM saas.owner")


def test_the_first_one_claims_it_and_works(as_manager, superuser, runtime, settings):
    provisioner = tenants.Provisioner(as_manager(FIRST), runtime, settings)
    spec = tenants.make_spec()
    try:
        tenants.provision(provisioner, spec)
        assert provisioner.directory.entry(spec.key).state == "active"
    finally:
        provisioner.undo(spec)
    assert owners(superuser) == [(FIRST.uuid, FIRST.name)]


def test_the_second_one_is_refused(as_manager, superuser, runtime, settings, tenant):
    as_manager(FIRST).database("postgres")
    cluster = as_manager(SECOND)
    other, spec = tenants.Provisioner(cluster, runtime, settings), tenants.make_spec()
    asked = tenants.order("attempt", tenant.key, "failed")
    attempts = [
        lambda: other.reserve(spec),
        lambda: other.clone_database(spec),
        lambda: other.publish(tenant),
        lambda: other.undo(tenant),
        lambda: Pool(cluster, runtime).fill(uuid.uuid4().hex, tenants.TEMPLATE),
        lambda: Directory(cluster).set_state(tenant.key, "suspended"),
        lambda: Directory(cluster).entries(),
        lambda: cluster.rename(tenant.subdomain, "elsewhere", tenant.key),
        lambda: dropping.drop(cluster, runtime, Directory(cluster), asked, tenant.subdomain),
    ]
    for attempt in attempts:
        with pytest.raises(NotOwnerError, match="belongs to another manager: https://first.example"):
            attempt()
    entry = Directory(as_manager(FIRST)).entry(tenant.key)
    assert (entry.state, entry.db) == ("active", tenant.subdomain)
    assert owners(superuser) == [(FIRST.uuid, FIRST.name)]


def test_the_test_of_the_connection_tells_whose_it_is(as_manager):
    assert as_manager(FIRST).check().owner.uuid == FIRST.uuid
    report = as_manager(SECOND).check()
    assert (report.owner.uuid, report.owner.name, report.ok) == (FIRST.uuid, FIRST.name, True)
    assert as_manager(None).check().owner is None


def test_taken_over_on_purpose(as_manager):
    as_manager(FIRST).database("postgres")
    assert as_manager(SECOND).take_over().name == FIRST.name
    as_manager(SECOND).database("postgres")
    with pytest.raises(NotOwnerError, match=r"second\.example"):
        as_manager(FIRST).database("postgres")


def test_one_of_many_at_once_gets_it(as_manager, superuser):
    managers = [Manager(str(uuid.uuid4()), f"manager {number}") for number in range(8)]
    refused, barrier = [], threading.Barrier(len(managers))

    def work(manager):
        barrier.wait()
        try:
            as_manager(manager).database("postgres")
        except NotOwnerError:
            refused.append(manager)

    threads = [threading.Thread(target=work, args=[manager]) for manager in managers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [(winner, _name)] = owners(superuser)
    assert {manager.uuid for manager in managers} - {manager.uuid for manager in refused} == {winner}


def test_a_directory_of_before_is_said_to_be_one(as_manager, superuser):
    """An installation whose bootstrap did not run yet: nothing works, and the message says what to do."""
    superuser("ALTER TABLE saas.owner RENAME TO away")
    try:
        with pytest.raises(ConfigurationError, match="run the bootstrap again"):
            as_manager(FIRST).database("postgres")
        assert any("bootstrap" in right for right in as_manager(FIRST).check().missing_rights)
    finally:
        superuser("ALTER TABLE saas.away RENAME TO owner")
    as_manager(FIRST).database("postgres")


def test_gateways_neither_see_nor_change_it(server, as_manager, superuser):
    as_manager(FIRST).database("postgres")
    with session_as(server, "saas_gateway", tenants.GATEWAY_PASSWORD) as cr:
        for statement in ("SELECT * FROM saas.owner", "DELETE FROM saas.owner", "UPDATE saas.owner SET name = ''"):
            with pytest.raises(Exception, match="permission denied"):
                cr.execute(statement)
    assert ownership.Owner(*superuser(ownership.FIND)[0]).uuid == FIRST.uuid
