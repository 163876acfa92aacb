"""What goes through the door, and what stays although somebody asked for it."""

import logging
import uuid

import pytest
from psycopg2 import sql
from saas_engine import dropping, naming, roles
from saas_engine.errors import DropRefusedError, NameTakenError
from saas_engine.pool import Pool
from support import tenants


def there(provisioner, name, key):
    """Return what there is of a tenant."""
    found = [name] if provisioner.cluster.database(name) else []
    found += ["folder"] if provisioner.runtime.filestore(name).exists() else []
    found += ["entry"] if provisioner.directory.entry(key) else []
    with provisioner.cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [naming.role_name(key)])
        return found + [role for (role,) in cr.fetchall()]


def ask(provisioner, order, name):
    with provisioner.cluster.locked(order.key):
        return dropping.drop(provisioner.cluster, provisioner.runtime, provisioner.directory, order, name)


def test_a_refusal_touches_nothing(provisioner, tenant):
    whole = there(provisioner, tenant.subdomain, tenant.key)
    for state in ("active", "suspended", "provisioning"):
        with pytest.raises(DropRefusedError, match=f'its record is "{state}"'):
            ask(provisioner, tenants.order("attempt", tenant.key, state), tenant.subdomain)
    assert there(provisioner, tenant.subdomain, tenant.key) == whole and len(whole) == 4
    with provisioner.connect(tenant):
        pass  # it is open still


def test_what_went_is_told_and_logged(provisioner, tenant, caplog):
    caplog.set_level(logging.INFO, "saas_engine.dropping")
    gone = ask(provisioner, tenants.order("attempt", tenant.key, "failed"), tenant.subdomain)
    role = naming.role_name(tenant.key)
    assert gone == [f"folder {tenant.subdomain}", f"database {tenant.subdomain}", f"role {role}"]
    [line] = [record.getMessage() for record in caplog.records if record.name == "saas_engine.dropping"]
    assert line == f"dropped {', '.join(gone)} (attempt, the tests): a test has ended"
    assert there(provisioner, tenant.subdomain, tenant.key) == []
    assert ask(provisioner, tenants.order("attempt", tenant.key, "failed"), tenant.subdomain) == []


def test_a_neighbours_database_stays(provisioner, tenant):
    """Whoever asks with a key of their own for another's name gets nothing of it."""
    stranger = uuid.uuid4().hex
    whole = there(provisioner, tenant.subdomain, tenant.key)
    assert ask(provisioner, tenants.order("attempt", stranger, "failed"), tenant.subdomain) == []
    assert there(provisioner, tenant.subdomain, tenant.key) == whole


def test_a_folder_without_a_database_stays_unless_its_name_has_the_key(provisioner):
    key, other = uuid.uuid4().hex, uuid.uuid4().hex
    for name in ("acme-lost", f"pool_{other}", f"pool_{key}"):
        provisioner.runtime.filestore(name).mkdir(parents=True)
    for name in ("acme-lost", f"pool_{other}"):
        assert ask(provisioner, tenants.order("pool", key, "discarding"), name) == []
    assert ask(provisioner, tenants.order("pool", key, "discarding"), f"pool_{key}") == [f"folder pool_{key}"]
    names = {path.name for path in (provisioner.runtime.data_dir / "filestore").iterdir()}
    assert {"acme-lost", f"pool_{other}"} <= names and f"pool_{key}" not in names


def test_a_draft_that_somebody_opened_or_marked_stays(provisioner, superuser):
    key, draft = uuid.uuid4().hex, ""
    cluster = provisioner.cluster
    with cluster.connect() as connection:
        draft = dropping.databases.create_draft(connection, tenants.TEMPLATE, key)
    superuser(f'ALTER DATABASE "{draft}" ALLOW_CONNECTIONS true')
    with pytest.raises(DropRefusedError, match="is no draft"):
        dropping.drop_draft(cluster, dropping.own_draft(key))
    superuser(f'ALTER DATABASE "{draft}" ALLOW_CONNECTIONS false')
    superuser(f"COMMENT ON DATABASE \"{draft}\" IS 'saas:{uuid.uuid4().hex}'")
    with pytest.raises(DropRefusedError, match="is no draft"):
        dropping.drop_draft(cluster, dropping.own_draft(key))
    superuser(f"COMMENT ON DATABASE \"{draft}\" IS 'saas:{key}'")
    dropping.drop_draft(cluster, dropping.own_draft(key))
    assert cluster.database(draft) is None


def test_a_database_of_another_owner_stays(provisioner, superuser):
    key = uuid.uuid4().hex
    superuser('CREATE DATABASE "somebodys" OWNER postgres TEMPLATE template0')
    superuser(f"COMMENT ON DATABASE \"somebodys\" IS 'saas:{key}'")
    try:
        with pytest.raises(NameTakenError, match="owned by postgres"):
            dropping._drop_database(provisioner.cluster, "somebodys")
        assert provisioner.cluster.database("somebodys")
    finally:
        superuser("DROP DATABASE somebodys")


def test_a_sealed_version_is_not_what_a_build_has_left(provisioner):
    key = naming.template_key(tenants.TEMPLATE)
    with pytest.raises(DropRefusedError, match="it is sealed"):
        ask(provisioner, tenants.order("build", key, "building"), tenants.TEMPLATE)
    assert provisioner.cluster.database(tenants.TEMPLATE).sealed


def test_a_copy_that_became_no_version_stays(provisioner):
    """A publication removes what is left of the copy, and not the copy."""
    key = uuid.uuid4().hex
    name = naming.workshop_database(key)
    with provisioner.cluster.connect() as connection:
        roles.ensure_role(provisioner.cluster, key, "x" * 43, {})
        draft = dropping.databases.create_draft(connection, tenants.TEMPLATE, key)
        dropping.databases.hand_over(connection, draft, name, key)
    with pytest.raises(DropRefusedError, match="still there"):
        ask(provisioner, tenants.order("published", key, "publishing"), name)
    gone = ask(provisioner, tenants.order("workshop", key, "discarding"), name)
    assert f"database {name}" in gone


def test_a_role_in_use_stays(provisioner, tenant, superuser):
    with pytest.raises(Exception, match="still in use"):
        dropping.drop_role(provisioner.cluster, tenants.order("attempt", tenant.key, "failed"))
    statement = sql.SQL("SELECT 1 FROM pg_roles WHERE rolname = %s")
    assert superuser(statement, parameters=[naming.role_name(tenant.key)])


def test_a_drop_of_the_pool_asks_who(provisioner):
    key = uuid.uuid4().hex
    pool = Pool(provisioner.cluster, provisioner.runtime)
    pool.fill(key, tenants.TEMPLATE)
    for state in ("ready", "filling"):
        with pytest.raises(DropRefusedError):
            pool.discard(tenants.order("pool", key, state))
    assert pool.keys() == {key}
    pool.discard(tenants.order("pool", key, "discarding"))
    assert pool.keys() == set()
